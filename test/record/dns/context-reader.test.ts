import { describe, expect, test } from 'vitest'
import { createContext } from '../../../src/record/dns/context-reader.js'
import { keyOfAddress } from '../../../src/record/dns/find-name.js'
import { createCgroupPaths } from '../../../src/record/host/cgroup-paths.js'
import { formatAddress, parseAddress } from '../../../src/store/address.js'
import { createFakeRing, makeRecord, makeResolved, type RecordHead, type ResolvedFields } from './context-records.js'
import { a, makePacket, type PacketFields } from './make-packet.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

/** The session began at 1000 ns. */
function createScene(keepsLookups = true) {
  const ring = createFakeRing()
  const state = { nowNs: 0, stepNs: 0, lost: 0 }
  const cgroupPaths = createCgroupPaths(makeTemporaryDirectory())
  const context = createContext({
    ring,
    cgroupPaths,
    epochNs: 1000n,
    lostRecords: () => state.lost,
    nowNs: () => (state.nowNs += state.stepNs),
    keepsLookups,
  })
  const packet = (kind: 'dns_query' | 'dns_answer') => (fields: PacketFields, head: RecordHead) =>
    void ring.records.push(makeRecord(kind, makePacket(fields), head))
  return {
    ring,
    state,
    context,
    cgroupPaths,
    send: packet('dns_query'),
    receive: packet('dns_answer'),
    resolve: (fields: ResolvedFields, head: RecordHead = {}) =>
      void ring.records.push(makeRecord('getaddrinfo', makeResolved(fields), head)),
    nameOf: (address: string, atNs = Infinity) =>
      context.names.find(keyOfAddress(parseAddress(address) as Uint8Array), { cgroupId: 77, netns: 10 }, atNs),
    lookups: () => context.lookups.map((lookup) => ({ ...lookup, addresses: lookup.addresses.map(formatAddress) })),
  }
}

describe('DNS packets', () => {
  test('become lookups, and names of addresses', () => {
    const { context, lookups, nameOf, receive, send } = createScene()
    send({ id: 3, name: 'WWW.example.org' }, { seenNs: 1500n })
    receive({ id: 3, answers: [a('192.0.2.1'), a('192.0.2.2')] }, { seenNs: 1700n })
    context.read()
    expect(lookups()).toEqual([
      {
        startedNs: 500,
        latencyNs: 200,
        name: 'www.example.org',
        queryType: 1,
        rcode: 0,
        addresses: ['192.0.2.1', '192.0.2.2'],
        isAsked: true,
        cgroupId: 77n,
        netns: 10,
      },
    ])
    const match = { name: 'www.example.org', answeredNs: 700, lookupNs: 200, candidates: 1 }
    expect([nameOf('192.0.2.1'), nameOf('192.0.2.2', 700), nameOf('192.0.2.2', 699)]).toEqual([match, match, null])
  })

  test('without an answer become lookups after a while, or at the end', () => {
    const { context, lookups, send, state } = createScene()
    send({ id: 1, name: 'a.example' }, { seenNs: 1000n })
    send({ id: 2, name: 'b.example' }, { seenNs: 2_000_001_000n })
    context.read()
    expect(lookups()).toEqual([])
    state.nowNs = 11e9
    context.read()
    expect(lookups()).toMatchObject([{ name: 'a.example', rcode: null, latencyNs: null }])
    context.finish()
    expect(lookups()).toMatchObject([{ name: 'a.example' }, { name: 'b.example', rcode: null, startedNs: 2e9 }])
  })

  test('that are none are counted, and those that ask for something else are not', () => {
    const { context, ring, send } = createScene()
    for (const kind of ['dns_query', 'dns_answer'] as const) ring.records.push(makeRecord(kind, Buffer.from('what?')))
    send({ type: 'MX' }, {})
    context.read()
    expect(context.counts()).toEqual({ lost: 0, malformed: 2, evicted: 0 })
    expect(context.lookups).toEqual([])
  })

  test('seen at the server, which was asked from port 53, are not seen twice', () => {
    const { context, lookups, receive, send } = createScene()
    const server = { socketCookie: 99n, cgroupId: 1n }
    send({}, { seenNs: 1001n })
    receive({}, { ...server, seenNs: 1002n })
    send({ answers: [a('192.0.2.1')] }, { ...server, seenNs: 1003n })
    receive({ answers: [a('192.0.2.1')] }, { seenNs: 1004n })
    context.finish()
    expect(lookups()).toMatchObject([{ startedNs: 1, latencyNs: 3, cgroupId: 77n }])
    expect(context.counts().malformed).toBe(0)
  })
})

describe('calls of getaddrinfo', () => {
  test('become lookups of both types, with every address once', () => {
    const { context, lookups, nameOf, resolve } = createScene()
    const addresses = ['2001:db8::1', '192.0.2.1', '192.0.2.1', null, '2001:db8::1', '192.0.2.2']
    resolve({ startedNs: 1200n, name: 'DB.example.', addresses }, { seenNs: 1250n, socketCookie: 0n })
    context.read()
    expect(lookups()).toEqual([
      {
        startedNs: 200,
        latencyNs: 50,
        name: 'db.example',
        queryType: null,
        rcode: 0,
        addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'],
        isAsked: true,
        cgroupId: 77n,
        netns: 10,
      },
    ])
    expect(nameOf('2001:db8::1')).toMatchObject({ name: 'db.example', answeredNs: 250, lookupNs: 50 })
  })

  test('that failed have their error', () => {
    const { context, lookups, resolve } = createScene()
    resolve({ name: 'none.example', error: -2 })
    context.read()
    expect(lookups()).toMatchObject([{ name: 'none.example', rcode: -2, addresses: [] }])
  })

  test.each(['192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '::', '127.1', ''])('of %j ask nobody', (name) => {
    const { context, nameOf, resolve } = createScene()
    resolve({ name, addresses: ['192.0.2.1'] })
    context.read()
    expect(context.lookups).toEqual([])
    expect(nameOf('192.0.2.1')).toBeNull()
  })

  test('names that fill their field end there', () => {
    const { context, lookups, resolve } = createScene()
    resolve({ name: 'x'.repeat(256), addresses: ['192.0.2.1'] })
    context.read()
    expect(lookups()).toMatchObject([{ name: 'x'.repeat(256), addresses: ['192.0.2.1'] }])
  })
})

test('cgroups that were made have their path, and one without is left alone', () => {
  const { cgroupPaths, context, ring } = createScene()
  ring.records.push(makeRecord('cgroup_made', Buffer.from('/system.slice/job.service'), { cgroupId: 5n }))
  ring.records.push(makeRecord('cgroup_made', Buffer.alloc(0), { cgroupId: 6n }))
  context.read()
  expect([cgroupPaths.find(5n), cgroupPaths.find(6n)]).toEqual(['/system.slice/job.service', null])
})

describe('a record that is not committed yet', () => {
  test('is waited for: the answer of an attempt may be behind it', () => {
    const { context, nameOf, receive, ring } = createScene()
    receive({ answers: [a('192.0.2.1')] }, {})
    ring.busyReads = 3
    context.read()
    expect(nameOf('192.0.2.1')?.name).toBe('www.example.org')
  })

  test('is waited for at the end, too', () => {
    const { context, nameOf, receive, ring } = createScene()
    receive({ answers: [a('192.0.2.1')] }, {})
    ring.busyReads = 3
    context.finish()
    expect(nameOf('192.0.2.1')?.name).toBe('www.example.org')
  })

  test('is waited for once, not at every batch of attempts', () => {
    const { context, receive, ring } = createScene()
    receive({}, {})
    ring.busyReads = Infinity
    context.read()
    const startedMs = performance.now()
    for (let i = 0; i < 50; i++) context.read()
    // 20 ms each took a second.
    expect(performance.now() - startedMs).toBeLessThan(500)
    ring.busyReads = 0
    context.read()
    ring.busyReads = 1
    receive({ answers: [a('192.0.2.9')] }, {})
    context.read()
    expect(ring.records).toEqual([])
  })

  test('holds attempts up for 20 ms or so, and no longer', () => {
    const { context, receive, ring } = createScene()
    receive({}, {})
    ring.busyReads = Infinity
    const startedMs = performance.now()
    context.read()
    const waitedMs = performance.now() - startedMs
    expect(waitedMs).toBeGreaterThanOrEqual(19)
    expect(waitedMs).toBeLessThan(500)
    expect(ring.records).toHaveLength(1)
  })
})

describe('bounds', () => {
  test('queries that are forgotten for want of room are lost packets', () => {
    const { context, send } = createScene()
    for (let id = 0; id < 16_390; id++) send({ id }, {})
    context.read()
    expect([context.counts().lost, context.lookups.length]).toEqual([6, 0])
    context.finish()
    expect([context.counts().lost, context.lookups.length]).toEqual([6, 16_384])
  })

  test('a flood does not hold attempts up: what is left after 250 ms is read the next time, and all of it at the end', () => {
    const { context, receive, ring, state } = createScene()
    for (let id = 0; id < 5000; id++) receive({ id, answers: [] }, {})
    // Each look at the clock is 10 ms after the last.
    state.stepNs = 10e6
    context.read()
    const left = ring.records.length
    expect(left).toBeLessThan(5000 - 16 * 20)
    expect(left).toBeGreaterThan(5000 - 16 * 30)
    context.read()
    expect(ring.records.length).toBeLessThan(left - 16 * 20)
    context.finish()
    expect(ring.records).toHaveLength(0)
    expect(context.lookups).toHaveLength(5000)
  })

  test('lookups that nobody writes are counted as lost beyond 65,536, with those that found no room in the ring', () => {
    const { context, receive, state } = createScene()
    for (let i = 0; i < 65_540; i++) receive({ id: i % 60_000, name: `${i >= 60_000}.example`, answers: [] }, {})
    state.lost = 6
    context.finish()
    expect(context.lookups).toHaveLength(65_536)
    expect(context.counts()).toEqual({ lost: 10, malformed: 0, evicted: 0 })
  })

  test('their addresses count as well', () => {
    const { context, receive } = createScene()
    const answers = Array.from({ length: 200 }, (_, i) => a(`192.0.2.${i}`))
    for (let id = 0; id < 400; id++) receive({ id, answers }, {})
    context.finish()
    expect(context.lookups).toHaveLength(Math.floor(65_536 / 201))
    expect(context.counts().lost).toBe(400 - Math.floor(65_536 / 201))
  })

  test('a view that writes none keeps none, and knows the names all the same', () => {
    const { context, nameOf, receive } = createScene(false)
    receive({ answers: [a('192.0.2.1')] }, {})
    context.read()
    expect(context.lookups).toEqual([])
    expect(nameOf('192.0.2.1')?.name).toBe('www.example.org')
  })
})
