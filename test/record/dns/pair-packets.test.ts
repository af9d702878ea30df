import { describe, expect, test } from 'vitest'
import { createPacketPairs as createPairs, type DnsPacket } from '../../../src/record/dns/pair-packets.js'
import { countCalls } from '../../support/count-work.js'

const MS = 1e6
const S = 1e9
const NETNS = { inode: 700, cookie: 7000n }
const ADDRESS = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1)

type Fields = Partial<DnsPacket['message']> & Partial<Omit<DnsPacket, 'message'>>

function query(
  seenNs: number,
  { socketCookie = 7n, cgroupId = 70n, netns = NETNS, ...message }: Fields = {},
): DnsPacket {
  const empty = { rcode: 0, isTruncated: false, addresses: [] }
  const fields = { id: 1, isAnswer: false, name: 'example.org', queryType: 1, ...empty, ...message }
  return { seenNs, socketCookie, cgroupId, netns, message: fields }
}

const answer = (seenNs: number, fields: Fields = {}) =>
  query(seenNs, { isAnswer: true, addresses: [ADDRESS], ...fields })

/** The lookups, and which of them are repeated answers. */
function createPacketPairs() {
  const pairs = createPairs()
  const repeated: string[] = []
  const lookupsOf = (paired: ReturnType<typeof pairs.giveUp>) => {
    for (const { lookup, isFirst } of paired) if (!isFirst) repeated.push(lookup.name)
    return paired.map(({ lookup }) => lookup)
  }
  return {
    repeated,
    lost: () => pairs.lost,
    add(packet: DnsPacket) {
      const paired = pairs.add(packet)
      return lookupsOf(paired ? [paired] : [])
    },
    giveUp: (nowNs: number) => lookupsOf(pairs.giveUp(nowNs)),
  }
}

describe('a query and its answer', () => {
  test('are one lookup, with the time between them as latency', () => {
    const pairs = createPacketPairs()
    expect(pairs.add(query(5 * MS))).toEqual([])
    expect(pairs.add(answer(12 * MS))).toEqual([
      {
        startedNs: 5 * MS,
        latencyNs: 7 * MS,
        name: 'example.org',
        queryType: 1,
        rcode: 0,
        isTruncated: false,
        addresses: [ADDRESS],
        isAsked: true,
        cgroupId: 70n,
        netns: NETNS,
      },
    ])
    expect(pairs.giveUp(Infinity)).toEqual([])
  })

  test('are an answered lookup if the answer is truncated', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    const truncated = { isTruncated: true, addresses: [] }
    expect(pairs.add(answer(MS, truncated))).toMatchObject([{ latencyNs: MS, rcode: 0, ...truncated }])
    expect(pairs.giveUp(Infinity)).toEqual([])
  })

  test('that is sent again: the latency begins with the first query', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(query(5 * S))
    expect(pairs.add(answer(5 * S + MS))).toMatchObject([{ startedNs: 0, latencyNs: 5 * S + MS }])
  })

  test.each<[string, Fields]>([
    ['socket', { socketCookie: 8n }],
    ['id', { id: 2 }],
    ['type', { queryType: 28 }],
    ['name', { name: 'example.net' }],
  ])('with different values of %s are two lookups', (_, other) => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    expect(pairs.add(answer(MS, other))).toMatchObject([{ startedNs: MS, latencyNs: null, rcode: 0 }])
    expect(pairs.add(answer(2 * MS))).toMatchObject([{ startedNs: 0, latencyNs: 2 * MS }])
  })

  test('for A and AAAA are paired, although the answers arrive in reverse order', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(query(1, { queryType: 28 }))
    expect(pairs.add(answer(3, { queryType: 28 }))).toMatchObject([{ startedNs: 1, latencyNs: 2 }])
    expect(pairs.add(answer(5))).toMatchObject([{ startedNs: 0, latencyNs: 5 }])
  })

  test('with different clocks have a latency of 0, not a negative one', () => {
    const pairs = createPacketPairs()
    pairs.add(query(10))
    expect(pairs.add(answer(8))).toMatchObject([{ latencyNs: 0 }])
  })
})

describe('an answer without a query', () => {
  test('is a lookup without latency', () => {
    const pairs = createPacketPairs()
    const lookup = { startedNs: 9, latencyNs: null, isAsked: false, addresses: [ADDRESS] }
    expect(pairs.add(answer(9))).toMatchObject([lookup])
    expect(pairs.repeated).toEqual([])
  })

  test('that arrives twice is one lookup, without a recorded query (SEC-26)', () => {
    const pairs = createPacketPairs()
    pairs.add(answer(9))
    for (const seenNs of [10, 11]) {
      expect(pairs.add(answer(seenNs))).toMatchObject([{ startedNs: seenNs, latencyNs: null, isAsked: false }])
    }
    expect(pairs.repeated).toEqual(['example.org', 'example.org'])
  })

  test('that arrives before the query is a separate lookup, because anyone may send it', () => {
    const pairs = createPacketPairs()
    pairs.add(answer(5))
    pairs.add(query(10))
    expect(pairs.add(answer(20))).toMatchObject([{ startedNs: 10, latencyNs: 10, isAsked: true }])
    expect(pairs.add(answer(21))).toMatchObject([{ isAsked: true }])
    expect(pairs.repeated).toEqual(['example.org'])
  })
})

describe('a query with several answers', () => {
  test('is one lookup; later answers also name addresses', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(query(1))
    expect(pairs.add(answer(2))).toMatchObject([{ latencyNs: 2 }])
    expect(pairs.repeated).toEqual([])
    expect(pairs.add(answer(3))).toMatchObject([{ latencyNs: null, isAsked: true, addresses: [ADDRESS] }])
    expect(pairs.repeated).toEqual(['example.org'])
  })

  test('that is sent again after its answer is another lookup', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(answer(1))
    pairs.add(query(S))
    expect(pairs.add(answer(S + 5))).toMatchObject([{ startedNs: S, latencyNs: 5 }])
    expect(pairs.repeated).toEqual([])
  })

  test('accepts further answers for 10 s after the first one', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    for (const seenNs of [1, 4 * S, 8 * S]) expect(pairs.add(answer(seenNs))).toMatchObject([{ isAsked: true }])
    expect(pairs.add(answer(12 * S))).toMatchObject([{ isAsked: false }])
  })

  test('an answer after that is a separate lookup', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(answer(1))
    expect(pairs.add(answer(11 * S))).toMatchObject([{ isAsked: false, latencyNs: null }])
    expect(pairs.repeated).toEqual([])
  })
})

describe('a query without an answer', () => {
  test('is reported after 10 s, the oldest first', () => {
    const pairs = createPacketPairs()
    for (let id = 0; id < 3; id++) pairs.add(query(id * S, { id, name: `${id}.example` }))
    expect(pairs.giveUp(10 * S)).toEqual([])
    const given = pairs.giveUp(11.5 * S)
    expect(given).toMatchObject([
      { startedNs: 0, name: '0.example', latencyNs: null, rcode: null, isTruncated: null, addresses: [] },
      { startedNs: S, name: '1.example' },
    ])
    expect(pairs.giveUp(Infinity).map(({ name }) => name)).toEqual(['2.example'])
  })

  test('is counted as lost if 16,384 newer queries replace it: its answer is unknown (SEC-29)', () => {
    const pairs = createPacketPairs()
    const over = Array.from({ length: 16_386 }, (_, i) => pairs.add(query(i, { name: `${i}.example` }))).flat()
    expect([over, pairs.lost()]).toEqual([[], 2])
    expect(pairs.add(answer(S, { name: '1.example' }))).toMatchObject([{ startedNs: S, latencyNs: null, rcode: 0 }])
    expect(pairs.add(answer(S, { name: '2.example' }))).toMatchObject([{ startedNs: 2, latencyNs: S - 2 }])
    expect(pairs.repeated).toEqual([])
    expect(pairs.giveUp(Infinity)).toHaveLength(16_383)
    expect(pairs.lost()).toBe(2)
  })

  test('is replaced without a search for the oldest query', () => {
    const pairs = createPacketPairs()
    const searches = countCalls(Map.prototype, 'entries', 'keys', 'values', 'forEach')
    for (let i = 0; i < 160_000; i++) pairs.add(query(i, { id: i % 4000, socketCookie: BigInt(i) }))
    expect(pairs.lost()).toBe(160_000 - 16_384)
    expect(searches()).toBeLessThan(160_000 / 1000)
  })

  test('that is answered after the timeout is one lookup', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.giveUp(11 * S)
    expect(pairs.add(answer(12 * S))).toMatchObject([{ latencyNs: null, addresses: [ADDRESS] }])
    expect(pairs.repeated).toEqual(['example.org'])
  })
})
