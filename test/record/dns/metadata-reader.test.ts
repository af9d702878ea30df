import { describe, expect, test, vi } from 'vitest'
import { createMetadata } from '../../../src/record/dns/metadata-reader.js'
import { keyOfAddress } from '../../../src/record/dns/find-name.js'
import { createCgroupPaths } from '../../../src/record/host/cgroup-paths.js'
import { formatAddress, parseAddress } from '../../../src/attempt/address.js'
import { createFakeRing, makeRecord, makeResolved, type RecordHead, type ResolvedFields } from './metadata-records.js'
import { a, makePacket, type PacketFields } from './make-packet.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const HOST_INODE = 9

/** The session begins at 1000 ns. */
function createScene(keepsLookups = true) {
  const ring = createFakeRing()
  const state = { nowNs: 0, stepNs: 0, lost: 0 }
  const cgroupPaths = createCgroupPaths({ path: makeTemporaryDirectory(), isWhole: true })
  const clock = { epochNs: 1000n, nowNs: () => (state.nowNs += state.stepNs) }
  const options = { clock, cgroupPaths, hostNetns: HOST_INODE, keepsLookups, nat: null }
  const wait = vi.fn<(milliseconds: number) => void>()
  const metadata = createMetadata({ metadata: ring, lostMetadata: () => state.lost }, options, wait)
  const packet = (kind: 'dns_query' | 'dns_answer') => (fields: PacketFields, head: RecordHead) =>
    void ring.records.push(makeRecord(kind, makePacket(fields), head))
  return {
    ring,
    state,
    metadata,
    /** ms spent waiting for records that are not committed yet */
    waitedMs: () => wait.mock.calls.reduce((sum, [milliseconds]) => sum + milliseconds, 0),
    cgroupPaths,
    send: packet('dns_query'),
    receive: packet('dns_answer'),
    resolve: (fields: ResolvedFields, head: RecordHead = {}) =>
      void ring.records.push(makeRecord('getaddrinfo', makeResolved(fields), head)),
    nameOf: (address: string, atNs = Infinity) =>
      metadata.names.find(keyOfAddress(parseAddress(address) as Uint8Array), { cgroupId: 77, netns: 10 }, atNs),
    lookups: () => metadata.lookups.map((lookup) => ({ ...lookup, addresses: lookup.addresses.map(formatAddress) })),
  }
}

describe('network namespaces', () => {
  test('a new container has another cookie than the one before it: their names are separate', () => {
    const { metadata, receive, send } = createScene()
    const dead = { cgroupId: 70n, netns: 10, netnsCookie: 500n }
    send({ id: 3, name: 'dead.example' }, { seenNs: 1500n, ...dead })
    receive({ id: 3, name: 'dead.example', answers: [a('192.0.2.1')] }, { seenNs: 1700n, ...dead })
    metadata.read()
    const key = keyOfAddress(parseAddress('192.0.2.1') as Uint8Array)
    const nameFor = (netns: number) => metadata.names.find(key, { cgroupId: 71, netns }, Infinity)?.name
    expect([500, 501, 10].map(nameFor)).toEqual(['dead.example', undefined, undefined])
    expect(metadata.lookups).toMatchObject([{ netns: { inode: 10, cookie: 500n } }])
  })

  test("names that were looked up in the host's network namespace count in all of them", () => {
    const { metadata, receive, send } = createScene()
    const host = { cgroupId: 70n, netns: HOST_INODE, netnsCookie: 1n }
    send({ id: 3, name: 'host.example' }, { seenNs: 1500n, ...host })
    receive({ id: 3, name: 'host.example', answers: [a('192.0.2.1')] }, { seenNs: 1700n, ...host })
    metadata.read()
    const key = keyOfAddress(parseAddress('192.0.2.1') as Uint8Array)
    expect(metadata.names.find(key, { cgroupId: 71, netns: 501 }, Infinity)?.name).toBe('host.example')
  })
})

describe('DNS packets', () => {
  test('packets become lookups, and names of addresses', () => {
    const { metadata, lookups, nameOf, receive, send } = createScene()
    send({ id: 3, name: 'WWW.example.org' }, { seenNs: 1500n })
    receive({ id: 3, answers: [a('192.0.2.1'), a('192.0.2.2')] }, { seenNs: 1700n })
    metadata.read()
    expect(lookups()).toEqual([
      {
        startedNs: 500,
        latencyNs: 200,
        name: 'www.example.org',
        queryType: 1,
        rcode: 0,
        isTruncated: false,
        addresses: ['192.0.2.1', '192.0.2.2'],
        isAsked: true,
        cgroupId: 77n,
        netns: { inode: 10, cookie: 0n },
      },
    ])
    const match = { name: 'www.example.org', answeredNs: 700, lookupNs: 200, candidates: 1 }
    expect([nameOf('192.0.2.1'), nameOf('192.0.2.2', 700), nameOf('192.0.2.2', 699)]).toEqual([match, match, null])
  })

  test('an answer that the probe cut is an answered lookup with the addresses before the cut', () => {
    const { metadata, lookups, ring, send } = createScene()
    const answer = makePacket({ id: 3, answers: [a('192.0.2.1'), a('192.0.2.2')] }).subarray(0, -1)
    send({ id: 3 }, { seenNs: 1500n })
    ring.records.push(makeRecord('dns_answer', answer, { seenNs: 1700n, isCut: true }))
    metadata.read()
    expect(lookups()).toMatchObject([{ latencyNs: 200, rcode: 0, isTruncated: false, addresses: ['192.0.2.1'] }])
    expect(metadata.counts()).toEqual({ lost: 0, malformed: 0, evicted: 0, cut: 1 })
  })

  test('a query without an answer becomes a lookup after a timeout, or at the end', () => {
    const { metadata, lookups, send, state } = createScene()
    send({ id: 1, name: 'a.example' }, { seenNs: 1000n })
    send({ id: 2, name: 'b.example' }, { seenNs: 2_000_001_000n })
    metadata.read()
    expect(lookups()).toEqual([])
    state.nowNs = 11e9
    metadata.read()
    expect(lookups()).toMatchObject([{ name: 'a.example', rcode: null, latencyNs: null }])
    metadata.finish()
    expect(lookups()).toMatchObject([{ name: 'a.example' }, { name: 'b.example', rcode: null, startedNs: 2e9 }])
  })

  test('invalid packets are counted; queries for other types are not', () => {
    const { metadata, ring, send } = createScene()
    for (const kind of ['dns_query', 'dns_answer'] as const) ring.records.push(makeRecord(kind, Buffer.from('what?')))
    send({ type: 'MX' }, {})
    metadata.read()
    expect(metadata.counts()).toEqual({ lost: 0, malformed: 2, evicted: 0, cut: 0 })
    expect(metadata.lookups).toEqual([])
  })

  test('packets that the server receives from port 53 are not counted twice', () => {
    const { metadata, lookups, receive, send } = createScene()
    const server = { socketCookie: 99n, cgroupId: 1n }
    send({}, { seenNs: 1001n })
    receive({}, { ...server, seenNs: 1002n })
    send({ answers: [a('192.0.2.1')] }, { ...server, seenNs: 1003n })
    receive({ answers: [a('192.0.2.1')] }, { seenNs: 1004n })
    metadata.finish()
    expect(lookups()).toMatchObject([{ startedNs: 1, latencyNs: 3, cgroupId: 77n }])
    expect(metadata.counts().malformed).toBe(0)
  })
})

describe('calls of getaddrinfo', () => {
  test('a call becomes lookups of both types, with every address once', () => {
    const { metadata, lookups, nameOf, resolve } = createScene()
    const addresses = ['2001:db8::1', '192.0.2.1', '192.0.2.1', null, '2001:db8::1', '192.0.2.2']
    resolve({ startedNs: 1200n, name: 'DB.example.', addresses }, { seenNs: 1250n, socketCookie: 0n })
    metadata.read()
    expect(lookups()).toEqual([
      {
        startedNs: 200,
        latencyNs: 50,
        name: 'db.example',
        queryType: null,
        rcode: 0,
        isTruncated: null,
        addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'],
        isAsked: true,
        cgroupId: 77n,
        netns: { inode: 10, cookie: 0n },
      },
    ])
    expect(nameOf('2001:db8::1')).toMatchObject({ name: 'db.example', answeredNs: 250, lookupNs: 50 })
  })

  test('a failed call becomes a lookup with its error', () => {
    const { metadata, lookups, resolve } = createScene()
    resolve({ name: 'none.example', error: -2 })
    metadata.read()
    expect(lookups()).toMatchObject([{ name: 'none.example', rcode: -2, addresses: [] }])
  })

  test.each(['192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '::', '127.1', ''])(
    'a call for %j is not a lookup',
    (name) => {
      const { metadata, nameOf, resolve } = createScene()
      resolve({ name, addresses: ['192.0.2.1'] })
      metadata.read()
      expect(metadata.lookups).toEqual([])
      expect(nameOf('192.0.2.1')).toBeNull()
    },
  )

  test("a name that fills its field ends at the field's end (SEC-37)", () => {
    const { metadata, lookups, resolve } = createScene()
    resolve({ name: 'x'.repeat(256), addresses: ['192.0.2.1'] })
    metadata.read()
    expect(lookups()).toMatchObject([{ name: 'x'.repeat(256), addresses: ['192.0.2.1'] }])
  })
})

test('a new cgroup has the path of its record; a record without a path is ignored', () => {
  const { cgroupPaths, metadata, ring } = createScene()
  ring.records.push(makeRecord('cgroup_made', Buffer.from('/system.slice/job.service'), { cgroupId: 5n }))
  ring.records.push(makeRecord('cgroup_made', Buffer.alloc(0), { cgroupId: 6n }))
  metadata.read()
  expect([cgroupPaths.find(5n), cgroupPaths.find(6n)]).toEqual(['/system.slice/job.service', null])
})

describe('a record that is not committed yet', () => {
  test('is waited for, because the answer for an attempt may follow it', () => {
    const { metadata, nameOf, receive, ring } = createScene()
    receive({ answers: [a('192.0.2.1')] }, {})
    ring.busyReads = 3
    metadata.read()
    expect(nameOf('192.0.2.1')?.name).toBe('www.example.org')
  })

  test('is waited for at the end', () => {
    const { metadata, nameOf, receive, ring } = createScene()
    receive({ answers: [a('192.0.2.1')] }, {})
    ring.busyReads = 3
    metadata.finish()
    expect(nameOf('192.0.2.1')?.name).toBe('www.example.org')
  })

  test('is waited for once, not in every batch of attempts', () => {
    const { metadata, receive, ring, waitedMs } = createScene()
    receive({}, {})
    ring.busyReads = Infinity
    metadata.read()
    const firstMs = waitedMs()
    for (let i = 0; i < 50; i++) metadata.read()
    expect(waitedMs()).toBe(firstMs)
    ring.busyReads = 0
    metadata.read()
    ring.busyReads = 1
    receive({ answers: [a('192.0.2.9')] }, {})
    metadata.read()
    expect(ring.records).toEqual([])
  })

  test('delays attempts by at most 20 ms', () => {
    const { metadata, receive, ring, waitedMs } = createScene()
    receive({}, {})
    ring.busyReads = Infinity
    metadata.read()
    expect(waitedMs()).toBe(20)
    expect(ring.records).toHaveLength(1)
  })
})

describe('limits', () => {
  test('queries dropped from a full table are lost packets', () => {
    const { metadata, send } = createScene()
    for (let id = 0; id < 16_390; id++) send({ id }, {})
    metadata.read()
    expect([metadata.counts().lost, metadata.lookups.length]).toEqual([6, 0])
    metadata.finish()
    expect([metadata.counts().lost, metadata.lookups.length]).toEqual([6, 16_384])
  })

  test('a flood does not delay attempts: one call reads for 250 ms, and the last call reads all', () => {
    const { metadata, receive, ring, state } = createScene()
    for (let id = 0; id < 5000; id++) receive({ id, answers: [] }, {})
    // Each reading of the clock adds 10 ms.
    state.stepNs = 10e6
    metadata.read()
    const left = ring.records.length
    expect(left).toBeLessThan(5000 - 16 * 20)
    expect(left).toBeGreaterThan(5000 - 16 * 30)
    metadata.read()
    expect(ring.records.length).toBeLessThan(left - 16 * 20)
    metadata.finish()
    expect(ring.records).toHaveLength(0)
    expect(metadata.lookups).toHaveLength(5000)
  })

  test('lookups that nobody writes are counted as lost beyond 65,536, together with those that the full ring dropped (SEC-29)', () => {
    const { metadata, receive, state } = createScene()
    for (let i = 0; i < 65_540; i++) receive({ id: i % 60_000, name: `${i >= 60_000}.example`, answers: [] }, {})
    state.lost = 6
    metadata.finish()
    expect(metadata.lookups).toHaveLength(65_536)
    expect(metadata.counts()).toEqual({ lost: 10, malformed: 0, evicted: 0, cut: 0 })
  })

  test('the addresses of lookups count too (SEC-29)', () => {
    const { metadata, receive } = createScene()
    const answers = Array.from({ length: 200 }, (_, i) => a(`192.0.2.${i}`))
    for (let id = 0; id < 400; id++) receive({ id, answers }, {})
    metadata.finish()
    expect(metadata.lookups).toHaveLength(Math.floor(65_536 / 201))
    expect(metadata.counts().lost).toBe(400 - Math.floor(65_536 / 201))
  })

  test('a live view keeps no lookups, but names addresses', () => {
    const { metadata, nameOf, receive } = createScene(false)
    receive({ answers: [a('192.0.2.1')] }, {})
    metadata.read()
    expect(metadata.lookups).toEqual([])
    expect(nameOf('192.0.2.1')?.name).toBe('www.example.org')
  })
})
