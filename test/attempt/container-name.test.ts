import { expect, test } from 'vitest'
import { decodeBytes } from '../../src/attempt/byte-text.js'
import { containerName } from '../../src/attempt/container-name.js'

const ID = '0123456789abcdef'.repeat(4)
const SHORT = '0123456789ab'
const INNER = 'fedcba9876543210'.repeat(4)
const TASK = '0123456789abcdef'.repeat(2)
const UUID = '0b9f2f3e-1111-2222-3333-444455556666'
const USER = '/user.slice/user-1000.slice/user@1000.service'
const POD_SLICE = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UUID.replaceAll('-', '_')}.slice`

test.each([
  // Docker and nerdctl, as root and for a user
  [`/system.slice/docker-${ID}.scope`, SHORT],
  [`/system.slice/docker-${ID}.scope/init.scope`, SHORT],
  [`/docker/${ID}`, SHORT],
  [`/system.slice/docker.service/docker/${ID}`, SHORT],
  [`/system.slice/nerdctl-${ID}.scope`, SHORT],
  [`${USER}/user.slice/nerdctl-${ID}.scope`, SHORT],
  [`${USER}/user.slice/docker-${ID}.scope`, SHORT],
  [`${USER}/app.slice/docker.service/docker/${ID}`, SHORT],
  [`system.slice:docker:${ID}`, SHORT],
  // Kubernetes with both cgroup drivers
  [`${POD_SLICE}/cri-containerd-${ID}.scope`, SHORT],
  [`${POD_SLICE}/cri-containerd-${ID}.scope/container`, SHORT],
  [`${POD_SLICE}/docker-${ID}.scope`, SHORT],
  [`${POD_SLICE}/crio-${ID}.scope/container`, SHORT],
  [`/kubepods.slice/kubepods-pod2.slice/crio-${ID}.scope/container`, SHORT],
  [`/kubepods/burstable/pod${UUID}/${ID}`, SHORT],
  [`/kubepods/besteffort/pod7f3c/crio-${ID}`, SHORT],
  [`/system.slice/containerd.service/kubepods-burstable-pod1234.slice:cri-containerd:${ID}`, SHORT],
  [`/kubepods-besteffort-pod1234.slice:crio:${ID}`, SHORT],
  [`/system.slice/containerd-${ID}.scope`, SHORT],
  // A node of kind is a container, and holds others
  [
    `/system.slice/docker-${INNER}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod12.slice/cri-containerd-${ID}.scope`,
    SHORT,
  ],
  [`/system.slice/docker-${ID}.scope/system.slice/kubelet.service`, SHORT],
  [`/kubepods.slice/kubepods-pod12.slice/cri-containerd-${INNER}.scope/init.scope/docker/${ID}`, SHORT],
  // A pod, not one of its containers
  [POD_SLICE, 'pod0b9f2f3e-1111'],
  [`/kubepods/burstable/pod${UUID}`, 'pod0b9f2f3e-1111'],
  [`/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${UUID.replaceAll('-', '_')}.slice`, 'pod0b9f2f3e-1111'],
  [`/kubepods/pod${TASK}`, `pod${SHORT}`],
  // Podman
  [`/machine.slice/libpod-${ID}.scope/container`, SHORT],
  [`/libpod_parent/libpod-${ID}`, SHORT],
  [`/libpod_parent/${INNER}/libpod-${ID}`, SHORT],
  [`${USER}/user.slice/libpod-${ID}.scope`, SHORT],
  [`${USER}/user.slice/user-libpod_pod_${INNER}.slice/libpod-${ID}.scope/container`, SHORT],
  // Monitors of a container, which are not containers
  [`/machine.slice/libpod-conmon-${ID}.scope`, `libpod-conmon-${SHORT}.scope`],
  [`${USER}/user.slice/libpod-conmon-${ID}.scope`, `libpod-conmon-${SHORT}.scope`],
  [`${POD_SLICE}/crio-conmon-${ID}.scope`, 'pod0b9f2f3e-1111'],
  [`/system.slice/crio-conmon-${ID}.scope`, `crio-conmon-${SHORT}.scope`],
  ['/libpod_parent/conmon', null],
  [`/system.slice/docker-${ID}.scope/libpod_parent/libpod-conmon-${INNER}`, SHORT],
  // containerd without Kubernetes, BuildKit, ECS and Fargate, Garden, Nomad
  ['/default/mycontainer', 'mycontainer'],
  [`/default/${ID}`, SHORT],
  ['/docker/buildkit/abcdefghijklmnopqrstuvwxy', 'abcdefghijkl'],
  ['/buildkit/abcdefghijklmnopqrstuvwxy', 'abcdefghijkl'],
  [`/ecs/${TASK}/${TASK}-1234567890`, `${SHORT}-1234567890`],
  [`/ecs/${TASK}/${ID}`, SHORT],
  [`/ecstasks.slice/ecstasks-${TASK}.slice/docker-${ID}.scope`, SHORT],
  ['/garden/5f2d1c3e-1111-2222-3333-4444', '5f2d1c3e-1111'],
  [`/system.slice/garden.service/garden/${UUID}`, '0b9f2f3e-1111'],
  [`/garden-build/good/${UUID}`, '0b9f2f3e-1111'],
  [`/nomad.slice/share.slice/${UUID}.web.scope`, '0b9f2f3e-1111.web'],
  [`/nomad.slice/${UUID}.web.scope`, '0b9f2f3e-1111.web'],
  [`/nomad/${UUID}.web`, '0b9f2f3e-1111.web'],
  // Machines, whose units are not those of this host
  ['/lxc.payload.web1', 'web1'],
  ['/lxc.payload.web1/system.slice/nginx.service', 'web1'],
  ['/lxc.payload.project_web1/init.scope', 'project_web1'],
  ['/lxc/web2/init.scope', 'web2'],
  ['/lxc/101/ns/system.slice/cron.service', '101'],
  [`/lxc.payload.web1/docker/${ID}`, SHORT],
  ['/lxc.monitor.web1', null],
  ['/machine.slice/machine-web3.scope/payload/system.slice/nginx.service', 'web3'],
  [String.raw`/machine.slice/machine-my\x2dweb.scope/payload`, 'my-web'],
  [String.raw`/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`, 'qemu-1-vm'],
  [String.raw`/machine.slice/machine-caf\xc3\xa9.scope`, 'café'],
  [String.raw`/machine.slice/machine-caf\xe9.scope`, String.raw`caf\xe9`],
  [String.raw`/machine.slice/machine-a\x00b.scope`, String.raw`a\x00b`],
  ['/machine.slice/machine-café.scope', 'café'],
  ['/machine.slice/systemd-nspawn@web4.service/payload', 'web4'],
  [String.raw`/machine.slice/systemd-nspawn@my\x2dweb.service/payload/init.scope`, 'my-web'],
  ['/machine.slice/systemd-nspawn@web4.service/supervisor', 'systemd-nspawn@web4.service'],
  // Units of this host
  ['/system.slice/nginx.service', 'nginx.service'],
  ['/system.slice/snap.app.daemon.service', 'snap.app.daemon.service'],
  ['/system.slice/docker.service/supervised', 'docker.service'],
  ['/user.slice/user-1000.slice/session-4.scope', 'session-4.scope'],
  [`${USER}/app.slice/app-editor.scope`, 'app-editor.scope'],
  ['/user.slice', 'user.slice'],
  [String.raw`/system.slice/srv-caf\xc3\xa9.mount`, String.raw`srv-caf\xc3\xa9.mount`],
  [String.raw`/system.slice/dev-disk-by\x2dlabel-a.mount`, String.raw`dev-disk-by\x2dlabel-a.mount`],
  ['/system.slice/srv-café.mount', 'srv-café.mount'],
  // Neither container nor unit
  ['/', null],
  [null, null],
  ['/made/by/hand', null],
  ['/made/default/by-hand', null],
  ['/buildkit/cache', null],
])('%s is %s', (cgroup, name) => {
  expect(containerName(cgroup === null ? null : decodeBytes(Buffer.from(cgroup)))).toBe(name)
})

test('a unit with a byte that is not UTF-8 has its path as name', () => {
  const cgroup = decodeBytes(Buffer.from('/system.slice/caf\xe9.service', 'latin1'))
  expect(containerName(cgroup)).toBe(String.raw`caf\xe9.service`)
})
