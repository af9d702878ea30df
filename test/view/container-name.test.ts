import { expect, test } from 'vitest'
import { containerName } from '../../src/view/container-name.js'

const ID = '0123456789abcdef'.repeat(4)
const SHORT = '0123456789ab'

test.each([
  [`/system.slice/docker-${ID}.scope`, SHORT],
  [`/docker/${ID}`, SHORT],
  [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${ID}.scope`, SHORT],
  [`/kubepods/besteffort/pod7f3c/${ID}`, SHORT],
  [`/kubepods.slice/kubepods-pod2.slice/crio-${ID}.scope/container`, SHORT],
  [`/machine.slice/libpod-${ID}.scope/container`, SHORT],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`, SHORT],
  ['/system.slice/nginx.service', 'nginx.service'],
  ['/system.slice/docker.service/supervised', 'docker.service'],
  ['/user.slice/user-1000.slice/session-4.scope', 'session-4.scope'],
  ['/user.slice', 'user.slice'],
  ['/', null],
  [null, null],
  ['/made/by/hand', null],
])('%s is %s', (cgroup, name) => {
  expect(containerName(cgroup)).toBe(name)
})
