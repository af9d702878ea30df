import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  MAX_ADDRESSES,
  readCniResult,
  readDockerAddresses,
  readLxcAddresses,
  readNetavarkAddresses,
} from '../../../src/record/runtimes/address-files.js'
import { createContainerAddresses } from '../../../src/record/runtimes/container-addresses.js'
import { REPOSITORY } from '../../support/repository.js'
import { cniFile, cniResult, dockerFile, idOf, makeHost } from './make-host.js'

/** Written by Podman 4.3 for two containers in its default network. */
const IPAM = inflateSync(readFileSync(join(REPOSITORY, 'test/record/runtimes/ipam.db.z')))
const [WEB, OTHER] = [
  'a029da880dababf3b00b768630496e5eab49603f6937e1cf6796852af8b7b31e',
  '08d800216360f564b280b556e9b6914eab17e6e6159ba9a9a47370f09dc6eb7b',
]

const NETAVARK = 'run/containers/networks/ipam.db'
const CONTAINER = { key: 'a key', id: idOf(1), runtime: 'docker', pod: null, cgroup: '/a cgroup' }

function createScene() {
  const host = makeHost()
  const tooLarge: string[] = []
  const onTooLarge = (path: string) => void tooLarge.push(path)
  const addresses = createContainerAddresses({ root: host.root, hasCgroup: () => true, onTooLarge })
  return { host, addresses, tooLarge }
}

/** Arguments of CRI's runtimes. */
function argsOfPod(name: string, namespace: string): string[][] {
  return [
    ['IgnoreUnknown', '1'],
    ['K8S_POD_NAMESPACE', namespace],
    ['K8S_POD_NAME', name],
  ]
}

const dockerWith = (networks: unknown, isRunning: unknown = true) =>
  JSON.stringify({ State: { Running: isRunning }, NetworkSettings: { Networks: networks } })

test('docker has an address for each network, while the container runs', () => {
  const networks = {
    bridge: { IPAddress: '172.17.0.2', GlobalIPv6Address: '' },
    shop: { IPAddress: '172.20.0.9', GlobalIPv6Address: 'FD00:0::9' },
    host: { IPAddress: '' },
  }
  expect(readDockerAddresses(dockerWith(networks))).toEqual(['172.17.0.2', '172.20.0.9', 'fd00::9'])
  expect(readDockerAddresses(dockerWith(networks, false))).toEqual([])
})

test('a result of CNI has addresses of the sandbox, without those of the host', () => {
  const result = {
    interfaces: [{ name: 'cni0' }, { name: 'eth0', sandbox: '/run/netns/one' }],
    ips: [
      { interface: 0, address: '10.22.0.1/16' },
      { interface: 1, address: '10.22.0.5/16' },
      { version: '6', address: 'fd22::5/64' },
    ],
  }
  const text = JSON.stringify({ kind: 'cniCacheV1', containerId: idOf(1), result })
  expect(readCniResult(text)).toEqual({ containerId: idOf(1), pod: null, addresses: ['10.22.0.5', 'fd22::5'] })
})

test('a result of CNI 0.2 has addresses, too', () => {
  const result = { cniVersion: '0.2.0', ip4: { ip: '10.22.0.5/16', gateway: '10.22.0.1' }, ip6: { ip: 'fd22::5/64' } }
  const text = JSON.stringify({ kind: 'cniCacheV1', containerId: idOf(1), result })
  expect(readCniResult(text).addresses).toEqual(['10.22.0.5', 'fd22::5'])
})

test.each([
  [[], null],
  [[['K8S_POD_NAME', 'cart-0']], null],
  [[...argsOfPod('cart-0', 'shop')], { name: 'cart-0', namespace: 'shop', uid: null }],
  [[...argsOfPod('cart-0', 'shop'), ['K8S_POD_UID', 'a uid']], { name: 'cart-0', namespace: 'shop', uid: 'a uid' }],
  [[...argsOfPod('cart\u001b', 'shop')], null],
  ['text', null],
  [[7, null, [], ['K8S_POD_NAME']], null],
])('the arguments %j of a result of CNI name the pod %j', (cniArgs, pod) => {
  expect(readCniResult(JSON.stringify({ containerId: idOf(1), cniArgs })).pod).toEqual(pod)
})

test('the database of netavark has the addresses of all containers of Podman', () => {
  expect([...readNetavarkAddresses(IPAM)].toSorted()).toEqual([
    [OTHER, ['10.88.0.3']],
    [WEB, ['10.88.0.2']],
  ])
})

test('a configuration of LXC has addresses that are set', () => {
  const text =
    'lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 10.0.3.7/24 10.0.3.255\n#lxc.net.0.ipv4.address = 10.0.3.8'
  expect(readLxcAddresses(`${text}\nlxc.net.0.ipv6.address=fd03::7/64\n`)).toEqual(['10.0.3.7', 'fd03::7'])
})

test('only addresses that one container can have are taken, and a limited number of them (SEC-134)', () => {
  const shared = '127.0.0.1 127.1 ::1 ::ffff:127.0.0.1 0.0.0.0 :: 169.254.1.1 fe80::1 224.0.0.1 ff02::1 255.255.255.255'
  const malformed = ['localhost', '10.0.0.1\n', '\u001b[31m', '1'.repeat(100_000), 7, null, ['10.0.0.1'], {}]
  const hostile = [...shared.split(' '), ...malformed]
  for (const address of hostile) expect(readDockerAddresses(dockerWith({ one: { IPAddress: address } }))).toEqual([])
  const many = Array.from({ length: 1000 }, (_, i) => ({ IPAddress: `10.9.${i >> 8}.${i & 255}` }))
  expect(readDockerAddresses(dockerWith(many)).length).toBeLessThanOrEqual(MAX_ADDRESSES)
  for (const text of ['', '[]', '{"State":7,"NetworkSettings":[]}', '{'.repeat(100_000)])
    expect([readDockerAddresses(text), readCniResult(text).addresses]).toEqual([[], []])
})

test('a damaged database of netavark gives no other container an address, and ends (SEC-134)', () => {
  for (let at = 0; at < IPAM.length; at += 97) {
    const damaged = Buffer.from(IPAM)
    damaged[at] = (damaged[at] as number) ^ (1 + (at % 255))
    for (const [, addresses] of readNetavarkAddresses(damaged))
      expect(addresses.length).toBeLessThanOrEqual(MAX_ADDRESSES)
  }
  for (const length of [0, 16, 80, 4096]) expect(readNetavarkAddresses(IPAM.subarray(0, length)).size).toBe(0)
})

test('an address that two containers claim is of neither (SEC-135)', () => {
  const { host, addresses } = createScene()
  const [one, two] = [
    { ...CONTAINER, key: 'one' },
    { ...CONTAINER, key: 'two', id: idOf(2), runtime: 'containerd' },
  ]
  host.write(dockerFile(idOf(1)), dockerWith({ bridge: { IPAddress: '172.17.0.2' } }))
  expect([...addresses.read([one, two])]).toEqual([['172.17.0.2', 'one']])
  const result = host.write(cniFile(idOf(2)), cniResult(idOf(2), '172.17.0.2', '10.22.0.5'))
  expect([...addresses.read([one, two])]).toEqual([
    ['172.17.0.2', null],
    ['10.22.0.5', 'two'],
  ])
  host.write(dockerFile(idOf(1)), dockerWith({}, false))
  expect([...addresses.read([one, two])].toSorted()).toEqual([
    ['10.22.0.5', 'two'],
    ['172.17.0.2', 'two'],
  ])
  expect(result).toContain('var/lib/cni/results')
})

test('without a cgroup of the sandbox, a pod has its address while one of its containers is followed', () => {
  const { host, addresses } = createScene()
  const pod = { name: 'cart-0', namespace: 'shop', uid: 'a uid' }
  const inPod = { ...CONTAINER, runtime: 'cri-o', pod }
  const withArgs = (uid: string) => ({
    ...cniResult(idOf(9), '10.22.0.5'),
    cniArgs: [...argsOfPod('cart-0', 'shop'), ['K8S_POD_UID', uid]],
  })
  host.write(cniFile(idOf(9)), withArgs('a uid'))
  expect([...addresses.read([inPod])]).toEqual([['10.22.0.5', 'a key']])
  for (const other of [null, { ...pod, namespace: 'other' }, { ...pod, uid: 'of the pod before' }])
    expect([...addresses.read([{ ...inPod, pod: other }])]).toEqual([])
  // Its own container comes first.
  expect([...addresses.read([inPod, { ...inPod, key: 'sandbox', id: idOf(9) }])]).toEqual([['10.22.0.5', 'sandbox']])
})

test.each([
  [idOf(1), idOf(1), null, true],
  [idOf(1), `default-${idOf(1)}`, 'docker', true],
  [idOf(1), `x${idOf(1)}`, 'containerd', false],
  ['web', 'default-web', 'containerd', true],
  ['web-1', 'default-web-1', 'containerd', true],
  ['web', 'web', 'containerd', false],
  ['web', 'other-web', 'containerd', false],
  ['web', 'default-web', 'lxc', false],
])('the container %s has the result of %s if its runtime is %s: %s', (id, containerId, runtime, isOwner) => {
  const { host, addresses } = createScene()
  host.write(`var/lib/cni/results/any-name`, cniResult(containerId, '10.22.0.5'))
  expect(addresses.read([{ ...CONTAINER, id, runtime }]).size).toBe(isOwner ? 1 : 0)
})

test('a database of netavark is read up to 8 MiB, other files up to 256 KiB, and one that is larger is reported (GAP-102)', () => {
  const { host, addresses, tooLarge } = createScene()
  const web = { ...CONTAINER, id: WEB, runtime: 'podman' }
  const file = host.write(NETAVARK, '')
  writeFileSync(file, Buffer.concat([IPAM, Buffer.alloc(8 * 1024 * 1024 - IPAM.length)]))
  expect([[...addresses.read([web])], tooLarge]).toEqual([[['10.88.0.2', 'a key']], []])
  appendFileSync(file, 'x')
  expect([[...addresses.read([web])], tooLarge]).toEqual([[], [NETAVARK]])
  const config = host.write(dockerFile(idOf(1)), JSON.parse(dockerWith({ bridge: { IPAddress: '172.17.0.2' } })))
  appendFileSync(config, ' '.repeat(256 * 1024))
  expect([addresses.read([CONTAINER]).size, new Set(tooLarge)]).toEqual([0, new Set([NETAVARK, dockerFile(idOf(1))])])
})

test('results of CNI, which are written once, are opened again only if one was added or removed', () => {
  const { host, addresses } = createScene()
  const read = () => [...addresses.read([CONTAINER]).keys()]
  const written = statSync(dirname(host.write(cniFile(idOf(1)), cniResult(idOf(1), '10.22.0.5')))).ctimeMs
  vi.useFakeTimers({ toFake: ['Date'], now: written })
  onTestFinished(() => void vi.useRealTimers())
  expect(read()).toEqual(['10.22.0.5'])
  // Just written, the directory may change again without a difference in time.
  host.write(cniFile(idOf(1)), cniResult(idOf(1), '10.22.0.6'))
  expect(read()).toEqual(['10.22.0.6'])
  vi.setSystemTime(written + 600_000)
  expect(read()).toEqual(['10.22.0.6'])
  host.write(cniFile(idOf(1)), cniResult(idOf(1), '10.22.0.7'))
  expect(read()).toEqual(['10.22.0.6'])
  const other = host.write(cniFile(idOf(2)), cniResult(idOf(2), '10.22.0.8'))
  expect(read()).toEqual(['10.22.0.7'])
  host.write(cniFile(idOf(1)), cniResult(idOf(1), '10.22.0.5'))
  rmSync(other)
  expect(read()).toEqual(['10.22.0.5'])
})
