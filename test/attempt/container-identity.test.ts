import { expect, test } from 'vitest'
import { identifyContainer } from '../../src/attempt/container-identity.js'

const ID = '0123456789abcdef'.repeat(4)
const OTHER = 'fedcba9876543210'.repeat(4)
const UID = '0b9f2f3e-1111-2222-3333-444455556666'
const POD = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`
const USER = '/user.slice/user-1000.slice/user@1000.service'
const NOTHING = { name: null, podUid: null, ownerUid: null, isNested: false }

test.each([
  [`/system.slice/docker-${ID}.scope`, { runtime: 'docker' }],
  [`/docker/${ID}`, { runtime: 'docker' }],
  [`/docker/${ID}/init.scope`, { runtime: 'docker' }],
  [`/system.slice:docker:${ID}`, { runtime: 'docker' }],
  [`/system.slice/nerdctl-${ID}.scope`, { runtime: 'containerd' }],
  [`/k8s.io/${ID}`, { runtime: 'containerd' }],
  [`${POD}/cri-containerd-${ID}.scope/container`, { runtime: 'containerd', podUid: UID }],
  [`${POD}/crio-${ID}.scope`, { runtime: 'cri-o', podUid: UID }],
  [`/kubepods/burstable/pod${UID}/${ID}`, { runtime: null, podUid: UID }],
  [`/kubepods-burstable-pod${UID}.slice:cri-containerd:${ID}`, { runtime: 'containerd' }],
  [`/machine.slice/libpod-${ID}.scope/container`, { runtime: 'podman' }],
  [`/libpod_parent/${OTHER}/libpod-${ID}`, { runtime: 'podman' }],
  [`${USER}/user.slice/libpod-${ID}.scope/container`, { runtime: 'podman', ownerUid: 1000 }],
])('%s has a full id, and the facts of its path', (path, expected) => {
  expect(identifyContainer(path)).toEqual({ ...NOTHING, id: ID, ...expected })
})

test.each([
  ['/lxc.payload.web1/system.slice/cron.service', 'web1', 'lxc'],
  ['/lxc/web2', 'web2', 'lxc'],
  ['/machine.slice/machine-db\\x2d1.scope/payload/init.scope', 'db-1', 'systemd-nspawn'],
  ['/machine.slice/systemd-nspawn@db.service/payload', 'db', 'systemd-nspawn'],
  ['/default/shell', 'shell', 'containerd'],
])('%s has a name instead of an id', (path, name, runtime) => {
  expect(identifyContainer(path)).toEqual({ ...NOTHING, id: name, name, runtime })
})

test.each([
  `/system.slice/docker-${OTHER}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod12.slice/cri-containerd-${ID}.scope`,
  `/lxc.payload.web1/docker/${ID}`,
  `/docker/${OTHER}/docker-${ID}.scope`,
])('%s is in another container, which may have chosen the id', (path) => {
  expect(identifyContainer(path)).toMatchObject({ id: ID, isNested: true })
})

test.each(['/', '/system.slice/cron.service', POD, `/machine.slice/libpod-conmon-${ID}.scope`, ''])(
  '%j is not the cgroup of a container',
  (path) => {
    expect(identifyContainer(path)).toBeNull()
  },
)
