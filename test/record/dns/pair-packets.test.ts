import { describe, expect, test } from 'vitest'
import { createPacketPairs, type DnsPacket } from '../../../src/record/dns/pair-packets.js'

const MS = 1e6
const S = 1e9
const ADDRESS = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1)

type Fields = Partial<DnsPacket['message']> & Partial<Omit<DnsPacket, 'message'>>

function query(seenNs: number, { socketCookie = 7n, cgroupId = 70n, netns = 700, ...message }: Fields = {}): DnsPacket {
  const fields = { id: 1, isAnswer: false, name: 'example.org', queryType: 1, rcode: 0, addresses: [], ...message }
  return { seenNs, socketCookie, cgroupId, netns, message: fields }
}

const answer = (seenNs: number, fields: Fields = {}) =>
  query(seenNs, { isAnswer: true, addresses: [ADDRESS], ...fields })

describe('a query and its answer', () => {
  test('are one look-up, with the time between them', () => {
    const pairs = createPacketPairs()
    expect(pairs.add(query(5 * MS))).toEqual([])
    expect(pairs.add(answer(12 * MS))).toEqual([
      {
        startedNs: 5 * MS,
        latencyNs: 7 * MS,
        name: 'example.org',
        queryType: 1,
        rcode: 0,
        addresses: [ADDRESS],
        cgroupId: 70n,
        netns: 700,
      },
    ])
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
  ])('with another %s belong to two look-ups', (_, other) => {
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
  test('is a look-up without latency', () => {
    expect(createPacketPairs().add(answer(9))).toMatchObject([{ startedNs: 9, latencyNs: null, addresses: [ADDRESS] }])
  })

  test('and so is a second one to the same query', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.add(answer(1))
    expect(pairs.add(answer(2))).toMatchObject([{ startedNs: 2, latencyNs: null }])
  })
})

describe('a query without an answer', () => {
  test('is given up after 10 s, the oldest first', () => {
    const pairs = createPacketPairs()
    for (let id = 0; id < 3; id++) pairs.add(query(id * S, { id, name: `${id}.example` }))
    expect(pairs.giveUp(10 * S)).toEqual([])
    const given = pairs.giveUp(11.5 * S)
    expect(given).toMatchObject([
      { startedNs: 0, name: '0.example', latencyNs: null, rcode: null, addresses: [] },
      { startedNs: S, name: '1.example' },
    ])
    expect(pairs.giveUp(Infinity).map(({ name }) => name)).toEqual(['2.example'])
  })

  test('is pushed out by 16,384 others, and lost to none', () => {
    const pairs = createPacketPairs()
    const over = Array.from({ length: 16_386 }, (_, i) => pairs.add(query(i, { name: `${i}.example` }))).flat()
    expect(over.map(({ name, rcode }) => [name, rcode])).toEqual([
      ['0.example', null],
      ['1.example', null],
    ])
    expect(pairs.giveUp(Infinity)).toHaveLength(16_384)
  })

  test('whose answer comes after all is a look-up of its own', () => {
    const pairs = createPacketPairs()
    pairs.add(query(0))
    pairs.giveUp(11 * S)
    expect(pairs.add(answer(12 * S))).toMatchObject([{ startedNs: 12 * S, latencyNs: null }])
  })
})
