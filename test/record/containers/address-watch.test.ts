import { expect, test } from 'vitest'
import { createAddressOwners } from '../../../src/record/containers/address-owners.js'
import { createAddressWatch } from '../../../src/record/containers/address-watch.js'
import { cniFile, cniResult, dockerFile, idOf, makeHost, runningAt } from '../runtimes/make-host.js'
import { rmSync } from 'node:fs'
import { join } from 'node:path'

const keyOf = (number: number) => `key ${number}`
const inDocker = (number: number) => ({
  key: keyOf(number),
  id: idOf(number),
  runtime: 'docker',
  pod: null,
  cgroup: `/docker/${idOf(number)}`,
})
const IN_LXC = { key: 'key of web', id: 'web', runtime: 'lxc', pod: null, cgroup: '/lxc.payload.web' }
const STOPPED = { State: { Running: false } }

/** A watch with a clock that goes on by 1 ns with each look, and by a million at each read. */
function createScene() {
  const host = makeHost()
  const time = { ns: 0n }
  const cgroups = new Set<string>()
  const watch = createAddressWatch({
    root: host.root,
    hasCgroup: (path) => cgroups.has(path),
    onTooLarge: () => {},
    clockNs: () => ++time.ns,
    ownAddresses: () => new Set(['192.0.2.200']),
  })
  const owners = createAddressOwners()
  const read = () => {
    time.ns += 1_000_000n
    const report = watch.read(Number(time.ns) / 1e6)
    if (report !== null) owners.take(report)
    return report
  }
  const keyAt = (address: string, atNs: bigint) => {
    const spans = [...owners.spans()].filter((span) => span.address === address && span.sinceNs <= atNs)
    return spans.filter(({ untilNs }) => untilNs === null || atNs <= untilNs).map(({ key }) => key)
  }
  return { host, time, cgroups, watch, owners, read, keyAt }
}

test('an address belongs to a container from its first to its last look, and then to the next one (GAP-100)', () => {
  const { host, time, watch, owners, read, keyAt } = createScene()
  watch.add(inDocker(1))
  watch.add(inDocker(2))
  host.write(dockerFile(idOf(1)), runningAt('172.17.0.2'))
  const before = time.ns
  read()
  const [first] = [time.ns]
  read()
  const last = time.ns - 1n
  host.write(dockerFile(idOf(1)), STOPPED)
  host.write(dockerFile(idOf(2)), runningAt('172.17.0.2'))
  const between = time.ns + 500_000n
  expect(owners.find('172.17.0.2', between)?.key).toBe(keyOf(1))
  read()
  const owned = [before, first, last, between, time.ns].map((atNs) => keyAt('172.17.0.2', atNs))
  expect(owned).toEqual([[], [keyOf(1)], [keyOf(1)], [], [keyOf(2)]])
  expect([owners.find('172.17.0.2', between), owners.find('172.17.0.2', time.ns)?.key]).toEqual([null, keyOf(2)])
})

test('a pod has the address of its sandbox, and an address of this host has no owner', () => {
  const { host, time, watch, read, keyAt } = createScene()
  watch.add({ ...inDocker(1), runtime: 'containerd' })
  host.write(cniFile(idOf(1)), cniResult(idOf(1), '10.22.0.5', '192.0.2.200'))
  host.write(cniFile(idOf(9)), cniResult(idOf(9), '10.22.0.9'))
  read()
  const keys = ['10.22.0.5', '192.0.2.200', '10.22.0.9'].map((address) => keyAt(address, time.ns))
  expect(keys).toEqual([[keyOf(1)], [], []])
  rmSync(join(host.path, cniFile(idOf(1))))
  expect(read()).toMatchObject({ owned: [], freed: ['10.22.0.5'] })
  expect(read()).toBeNull()
})

test('after the reader ends, nothing is known after its last look (GAP-100)', () => {
  const { host, time, watch, owners, read, keyAt } = createScene()
  watch.add(inDocker(1))
  host.write(dockerFile(idOf(1)), runningAt('172.17.0.2'))
  read()
  read()
  owners.end()
  expect([owners.find('172.17.0.2', time.ns), keyAt('172.17.0.2', time.ns - 1n)]).toEqual([null, [keyOf(1)]])
})

test('a container of LXC has its address until it stops, and then another one has it (GAP-100)', () => {
  const { host, time, cgroups, watch, read, keyAt } = createScene()
  watch.add(IN_LXC)
  watch.add(inDocker(1))
  host.write('var/lib/lxc/web/config', 'lxc.net.0.ipv4.address = 172.17.0.2/16')
  cgroups.add(IN_LXC.cgroup)
  read()
  const running = time.ns
  cgroups.clear()
  host.write(dockerFile(idOf(1)), runningAt('172.17.0.2'))
  read()
  expect([keyAt('172.17.0.2', running), keyAt('172.17.0.2', time.ns)]).toEqual([[IN_LXC.key], [keyOf(1)]])
  cgroups.add('/lxc.payload.web-1')
  watch.add({ ...IN_LXC, cgroup: '/lxc.payload.web-1' })
  read()
  // Both claim it: it is of neither.
  expect(keyAt('172.17.0.2', time.ns)).toEqual([])
})

test('a container of LXC has no address if the cgroups of the host are not visible', () => {
  const host = makeHost()
  host.write('var/lib/lxc/web/config', 'lxc.net.0.ipv4.address = 172.17.0.2/16')
  const watch = createAddressWatch({ root: host.root, clockNs: () => 1n, hasCgroup: null, onTooLarge: () => {} })
  watch.add(IN_LXC)
  expect(watch.read(0)).toBeNull()
})

test('a container with a chosen id does not take the place of one of another runtime', () => {
  const { host, cgroups, watch, read } = createScene()
  watch.add({ ...IN_LXC, key: 'key of ctr', runtime: 'containerd', cgroup: '/default/web' })
  watch.add(IN_LXC)
  cgroups.add(IN_LXC.cgroup)
  host.write('var/lib/lxc/web/config', 'lxc.net.0.ipv4.address = 10.0.3.7/24')
  host.write('var/lib/cni/results/cbr0-default-web-eth0', cniResult('default-web', '10.22.0.5'))
  expect(read()?.owned.toSorted()).toEqual([
    ['10.0.3.7', 'key of web', '/lxc.payload.web'],
    ['10.22.0.5', 'key of ctr', '/default/web'],
  ])
})

test('containers without an address are forgotten after some looks, until they start again', () => {
  const { host, watch, read } = createScene()
  watch.add(inDocker(1))
  expect(watch.waitMs(0)).toBe(0)
  for (let look = 0; look <= 30; look++) read()
  expect(watch.waitMs(0)).toBe(Infinity)
  host.write(dockerFile(idOf(1)), runningAt('172.17.0.2'))
  expect(read()).toBeNull()
  watch.add(inDocker(1))
  expect(read()).toMatchObject({ owned: [['172.17.0.2', keyOf(1), `/docker/${idOf(1)}`]] })
})

test('work is bounded: 4,096 containers are followed, the last ones (SEC-94)', () => {
  const { host, watch, read } = createScene()
  for (let i = 0; i < 5000; i++) watch.add(inDocker(i))
  for (const i of [0, 903, 904, 4999]) host.write(dockerFile(idOf(i)), runningAt(`172.17.${i >> 8}.${i & 255}`))
  expect(read()?.owned.map(([, key]) => key)).toEqual([keyOf(904), keyOf(4999)])
})
