import { expect, test } from 'vitest'
import { identifyContainer, type ContainerIdentity } from '../../../src/attempt/container-identity.js'
import { readKubeletLogs } from '../../../src/record/runtimes/kubelet-logs.js'
import { createMissing } from '../../../src/record/containers/missing-containers.js'
import { dockerConfig, dockerFile, idOf, makeHost } from '../runtimes/make-host.js'

const UID = '0b9f2f3e-1111-2222-3333-444455556666'
const inPod = (number: number) =>
  identifyContainer(`/kubepods/burstable/pod${UID}/${idOf(number)}`) as ContainerIdentity
const CGROUP = '/cgroup'
const keyOf = (number: number, runtime = '') => `//${runtime}/${idOf(number)}`
const inDocker = (number: number) => identifyContainer(`/docker/${idOf(number)}`) as ContainerIdentity

function createScene() {
  const host = makeHost()
  return { host, missing: createMissing({ root: host.root, homeOf: () => null }) }
}

test('a container that was gone too soon has the names in the log directories of kubelet', () => {
  const { host, missing } = createScene()
  missing.add(inPod(1), CGROUP)
  expect(missing.search(false)).toEqual([])
  host.write(`var/log/containers/cart-0_shop_cart-${idOf(1)}.log`, '')
  host.write(`var/log/pods/shop_cart-0_${UID}/cart/0.log`, '')
  expect(missing.search(false)).toEqual([
    {
      identity: inPod(1),
      cgroup: CGROUP,
      key: keyOf(1),
      facts: {
        runtime: null,
        name: null,
        image: null,
        podName: 'cart-0',
        podNamespace: 'shop',
        podUid: UID,
        podContainer: 'cart',
      },
    },
  ])
  expect([missing.isWaiting(), missing.search(true)]).toEqual([false, []])
})

test('at the end, the pod alone counts: names of long logs are cut and lose the id', () => {
  const { host, missing } = createScene()
  host.write(`var/log/pods/shop_cart-0_${UID}/cart/0.log`, '')
  missing.add(inPod(1), CGROUP)
  expect(missing.search(false)).toEqual([])
  expect(missing.search(true)).toMatchObject([
    { facts: { podName: 'cart-0', podNamespace: 'shop', podContainer: null } },
  ])
})

test('a container of a user has no names from the logs: the user writes any pod into the path of its cgroup (SEC-97)', () => {
  const { host, missing } = createScene()
  host.write(`var/log/containers/cart-0_shop_cart-${idOf(1)}.log`, '')
  host.write(`var/log/pods/shop_cart-0_${UID}/cart/0.log`, '')
  const path = `/user.slice/user-1000.slice/user@1000.service/kubepods/pod${UID}/${idOf(1)}`
  missing.add(identifyContainer(path) as ContainerIdentity, path)
  expect([missing.search(false), missing.search(true)]).toEqual([[], []])
})

test('a file that appears later is found, for two seconds in rounds and once more at the end', () => {
  const { host, missing } = createScene()
  missing.add(inDocker(1), CGROUP)
  for (let round = 0; round < 10; round++) {
    expect(missing.isWaiting()).toBe(true)
    expect(missing.search(false)).toEqual([])
  }
  expect(missing.isWaiting()).toBe(false)
  host.write(dockerFile(idOf(1)), dockerConfig('web'))
  expect(missing.search(false)).toEqual([])
  expect(missing.search(true)).toMatchObject([{ key: keyOf(1, 'docker'), facts: { name: 'web' } }])
})

test('work and memory are bounded: 512 containers per round, and 4,096 in all', () => {
  const { host, missing } = createScene()
  for (let i = 0; i < 5000; i++) missing.add(inDocker(i), CGROUP)
  for (let i = 0; i < 5000; i += 100) host.write(dockerFile(idOf(i)), dockerConfig(`web-${i}`))
  // The oldest 904 are forgotten; a round covers the next 512.
  expect(missing.search(false).map(({ facts }) => facts.name)).toEqual(
    [1000, 1100, 1200, 1300, 1400].map((i) => `web-${i}`),
  )
  expect(missing.search(true)).toHaveLength(40 - 5)
})

test('names of logs that kubelet would not write name nothing', () => {
  const host = makeHost()
  for (const name of ['x.log', `a_b_c_d-${idOf(1)}.log`, `a_b-${idOf(1)}.log`, `pod\u001b_shop_cart-${idOf(2)}.log`])
    host.write(`var/log/containers/${name}`, '')
  const logs = readKubeletLogs(host.root)
  expect(logs.find(idOf(1), null)).toBeNull()
  expect(logs.find(idOf(2), null)).toMatchObject({ podName: null, podNamespace: 'shop', podContainer: 'cart' })
})
