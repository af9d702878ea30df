import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  MAX_ADDRESSES,
  readCniAddresses,
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
  expect(readCniAddresses(text, idOf(1))).toEqual(['10.22.0.5', 'fd22::5'])
  expect(readCniAddresses(text, idOf(2))).toEqual([])
  expect(readCniAddresses(text.replace(idOf(1), `default-${idOf(1)}`), idOf(1))).toHaveLength(2)
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
    expect([readDockerAddresses(text), readCniAddresses(text, idOf(1))]).toEqual([[], []])
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
  const host = makeHost()
  const addresses = createContainerAddresses(host.root)
  const one = { key: 'one', id: idOf(1), runtime: 'docker' }
  const two = { key: 'two', id: idOf(2), runtime: 'containerd' }
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
