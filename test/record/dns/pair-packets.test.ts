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

/** Lookups alone, and which of them are no first ones. */
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
  test('are one lookup, with the time between them', () => {
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

  test('that was truncated are an answered lookup', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    const truncated = { isTruncated: true, addresses: [] }
    expect(pairs.add(answer(MS, truncated))).toMatchObject([{ latencyNs: MS, rcode: 0, ...truncated }])
    expect(pairs.giveUp(Infinity)).toEqual([])
  })

  test('a query that is sent again counts from the first time on', () => {
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
  ])('with another %s belong to two lookups', (_, other) => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    expect(pairs.add(answer(MS, other))).toMatchObject([{ startedNs: MS, latencyNs: null, rcode: 0 }])
    expect(pairs.add(answer(2 * MS))).toMatchObject([{ startedNs: 0, latencyNs: 2 * MS }])
  })

  test('A and AAAA at the same time, answered the other way round', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(query(1, { queryType: 28 }))
    expect(pairs.add(answer(3, { queryType: 28 }))).toMatchObject([{ startedNs: 1, latencyNs: 2 }])
    expect(pairs.add(answer(5))).toMatchObject([{ startedNs: 0, latencyNs: 5 }])
  })

  test('whose clocks differ take no time, rather than less', () => {
    const pairs = createPacketPairs()
    pairs.add(query(10))
    expect(pairs.add(answer(8))).toMatchObject([{ latencyNs: 0 }])
  })
})

describe('an answer alone', () => {
  test('is a lookup without latency', () => {
    const pairs = createPacketPairs()
    const lookup = { startedNs: 9, latencyNs: null, isAsked: false, addresses: [ADDRESS] }
    expect(pairs.add(answer(9))).toMatchObject([lookup])
    expect(pairs.repeated).toEqual([])
  })

  test('that is sent once more is one lookup, and nobody has asked for it all the same (SEC-26)', () => {
    const pairs = createPacketPairs()
    pairs.add(answer(9))
    for (const seenNs of [10, 11]) {
      expect(pairs.add(answer(seenNs))).toMatchObject([{ startedNs: seenNs, latencyNs: null, isAsked: false }])
    }
    expect(pairs.repeated).toEqual(['example.org', 'example.org'])
  })

  test('comes before the question, as anybody may send one: that is another lookup', () => {
    const pairs = createPacketPairs()
    pairs.add(answer(5))
    pairs.add(query(10))
    expect(pairs.add(answer(20))).toMatchObject([{ startedNs: 10, latencyNs: 10, isAsked: true }])
    expect(pairs.add(answer(21))).toMatchObject([{ isAsked: true }])
    expect(pairs.repeated).toEqual(['example.org'])
  })
})

describe('a question that several servers answer', () => {
  test('is one lookup, whose later answers name addresses all the same', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(query(1))
    expect(pairs.add(answer(2))).toMatchObject([{ latencyNs: 2 }])
    expect(pairs.repeated).toEqual([])
    expect(pairs.add(answer(3))).toMatchObject([{ latencyNs: null, isAsked: true, addresses: [ADDRESS] }])
    expect(pairs.repeated).toEqual(['example.org'])
  })

  test('that is asked again after its answer is another one', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(answer(1))
    pairs.add(query(S))
    expect(pairs.add(answer(S + 5))).toMatchObject([{ startedNs: S, latencyNs: 5 }])
    expect(pairs.repeated).toEqual([])
  })

  test('for ever: 10 s after the first answer nobody has asked any more', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    for (const seenNs of [1, 4 * S, 8 * S]) expect(pairs.add(answer(seenNs))).toMatchObject([{ isAsked: true }])
    expect(pairs.add(answer(12 * S))).toMatchObject([{ isAsked: false }])
  })

  test('and an answer long after is one of its own', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(answer(1))
    expect(pairs.add(answer(11 * S))).toMatchObject([{ isAsked: false, latencyNs: null }])
    expect(pairs.repeated).toEqual([])
  })
})

describe('a query without an answer', () => {
  test('is given up after 10 s, the oldest first', () => {
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

  test('is pushed out by 16,384 others, and counted as lost: whether it got an answer is not known (SEC-29)', () => {
    const pairs = createPacketPairs()
    const over = Array.from({ length: 16_386 }, (_, i) => pairs.add(query(i, { name: `${i}.example` }))).flat()
    expect([over, pairs.lost()]).toEqual([[], 2])
    expect(pairs.add(answer(S, { name: '1.example' }))).toMatchObject([{ startedNs: S, latencyNs: null, rcode: 0 }])
    expect(pairs.add(answer(S, { name: '2.example' }))).toMatchObject([{ startedNs: 2, latencyNs: S - 2 }])
    expect(pairs.repeated).toEqual([])
    expect(pairs.giveUp(Infinity)).toHaveLength(16_383)
    expect(pairs.lost()).toBe(2)
  })

  test('that pushes another one out is put in without a search for the oldest', () => {
    const pairs = createPacketPairs()
    const searches = countCalls(Map.prototype, 'entries', 'keys', 'values', 'forEach')
    for (let i = 0; i < 160_000; i++) pairs.add(query(i, { id: i % 4000, socketCookie: BigInt(i) }))
    expect(pairs.lost()).toBe(160_000 - 16_384)
    expect(searches()).toBeLessThan(160_000 / 1000)
  })

  test('whose answer comes after all was one lookup', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.giveUp(11 * S)
    expect(pairs.add(answer(12 * S))).toMatchObject([{ latencyNs: null, addresses: [ADDRESS] }])
    expect(pairs.repeated).toEqual(['example.org'])
  })
})
