import { describe, expect, test } from 'vitest'
import { decodeDns } from '../../../src/record/dns/decode-dns.js'
import { createRandom } from '../../store/random.js'
import { countCalls, countReads } from '../../support/count-work.js'
import { a, aaaa, cname, makePacket } from './make-packet.js'

const REAL = makePacket({
  ednsBytes: 1232,
  answers: [cname('edge.example.net'), a('192.0.2.1', 'edge.example.net'), aaaa('2001:db8::1', 'edge.example.net')],
})
/** The largest payload that the probe copies. */
const LARGE_BYTES = 4096
/** Header, root name, A, IN. */
const QUESTION = Buffer.from('0001818000010000000000000000010001', 'hex')

/** A packet of the largest size: a record with `data`, then as many records with the name `name` as fit. */
function fillWithRecords(data: Buffer, name: Buffer): { packet: Buffer; records: number } {
  const record = Buffer.concat([name, Buffer.from('00010001000000000004c0000201', 'hex')])
  const first = Buffer.concat([Buffer.from('00000a000100000000', 'hex'), Buffer.alloc(2), data])
  first.writeUInt16BE(data.length, 9)
  const count = Math.floor((LARGE_BYTES - QUESTION.length - first.length) / record.length)
  const packet = Buffer.concat([QUESTION, first, ...Array.from({ length: count }, () => record)])
  packet.writeUInt16BE(count + 1, 6)
  return { packet, records: count }
}

/** Pointers, each to the previous one. The first points to the root name. */
function chainOfPointers(at: number, count: number): Buffer {
  const chain = Buffer.alloc(2 * count)
  for (let i = 0; i < count; i++) chain.writeUInt16BE(0xc000 | (i === 0 ? 12 : at + 2 * (i - 1)), 2 * i)
  return chain
}

/** Counts what a call reads of a packet: bytes, 16-bit numbers, and texts. */
function countSteps(packet: Uint8Array, decode: (packet: Uint8Array) => void): number {
  const numbers = countCalls(DataView.prototype, 'getUint16')
  const ofLibrary = countCalls(Buffer.prototype, 'readUInt16BE', 'toString')
  const { array, reads } = countReads(packet)
  decode(array)
  return reads() + numbers() + ofLibrary()
}

describe('an invalid packet is refused', () => {
  test('an answer that is cut at any byte', () => {
    expect(decodeDns(REAL)?.addresses).toHaveLength(2)
    for (let length = 0; length < REAL.length; length++) {
      expect(decodeDns(REAL.subarray(0, length)), `${length} of ${REAL.length} bytes`).toBeUndefined()
    }
  })

  test.each([4, 6, 8, 10])('a header whose count at %d announces thousands of records', (at) => {
    const packet = Buffer.from(REAL)
    packet.writeUInt16BE(0xffff, at)
    expect(decodeDns(packet)).toBeUndefined()
  })

  test.each([
    ['to itself', 12],
    ['forward', 200],
    ['into the header', 6],
    ['beyond the end', 0x3fff],
  ])('a name that points %s', (_, to) => {
    const packet = Buffer.from(`0001010000010000000000000000${'00'.repeat(300)}`, 'hex')
    packet.writeUInt16BE(0xc000 | to, 12)
    packet.writeUInt32BE(0x00010001, 14)
    expect(decodeDns(packet)).toBeUndefined()
  })

  test('a label of an unknown type', () => {
    expect(decodeDns(Buffer.from(`000101000001000000000000${'41'.repeat(70)}`, 'hex'))).toBeUndefined()
    const inRecord = makePacket({ answers: [a('192.0.2.1')] })
    inRecord[makePacket().length] = 0x80
    expect(decodeDns(inRecord)).toBeUndefined()
  })

  test('a name of more than 255 bytes', () => {
    const name = Buffer.concat([
      ...Array.from({ length: 5 }, () => Buffer.from(`3f${'61'.repeat(63)}`, 'hex')),
      Buffer.alloc(1),
    ])
    const packet = Buffer.concat([QUESTION.subarray(0, 12), name, Buffer.from('00010001', 'hex')])
    expect(decodeDns(packet)).toBeUndefined()
  })
})

test('a truncated answer is decoded up to its last complete record, wherever it is cut', () => {
  const packet = Buffer.from(REAL)
  packet[2] = (packet[2] as number) | 2
  const questionEnd = makePacket().length
  let [shortest, most] = [0, 0]
  for (let length = 0; length < packet.length; length++) {
    const message = decodeDns(packet.subarray(0, length))
    if (length < questionEnd) expect(message, `${length} bytes`).toBeUndefined()
    else expect(message, `${length} bytes`).toMatchObject({ isTruncated: true, name: 'www.example.org' })
    const count = message?.addresses.length ?? 0
    expect(count, `${length} bytes`).toBeGreaterThanOrEqual(most)
    if (count > most) shortest = length
    most = count
  }
  // Only the OPT record of 11 bytes follows the last address.
  expect([shortest, most]).toEqual([packet.length - 11, 2])
})

describe('the cost of a packet is limited by its length', () => {
  const dataAt = QUESTION.length + 11
  const longName = Buffer.concat([Buffer.from('0161'.repeat(120), 'hex'), Buffer.alloc(1)])
  test.each([
    ['names over a thousand pointers', chainOfPointers(dataAt, 1000), 0xc000 | (dataAt + 2 * 999)],
    ['names of many labels', longName, 0xc000 | dataAt],
    ['the root', Buffer.alloc(0), 0xc00c],
  ])('records with %s are read in one pass (SEC-28)', (_, data, pointer) => {
    const name = Buffer.alloc(2)
    name.writeUInt16BE(pointer)
    const { packet, records } = fillWithRecords(data, name)
    expect(packet.length).toBeGreaterThan(LARGE_BYTES - 32)
    expect(decodeDns(packet)?.addresses).toHaveLength(records)
    // Each byte once, and four numbers per record: its type, the length of its data, and the counts of the header.
    expect(countSteps(packet, decodeDns)).toBeLessThan(packet.length + 4 * records + 100)
  })
})

describe('random input', () => {
  const random = createRandom(53)
  const byte = () => Math.floor(random() * 256)

  test('random bytes are refused or decoded; nothing is thrown', () => {
    for (let i = 0; i < 10_000; i++) {
      const packet = Buffer.from(Array.from({ length: Math.floor(random() * 200) }, byte))
      expectSound(packet)
    }
  })

  test('real answers with flipped bits are refused or decoded; nothing is thrown', () => {
    for (let i = 0; i < 20_000; i++) {
      const packet = Buffer.from(REAL)
      for (let flips = 1 + Math.floor(random() * 8); flips > 0; flips--) {
        packet[Math.floor(random() * packet.length)]! ^= 1 << Math.floor(random() * 8)
      }
      expectSound(packet)
    }
  })
})

/**
 * Checks that decoded values can be stored. Does not use expect(): twenty thousand calls take longer than the decoder.
 */
function expectSound(packet: Buffer): void {
  const message = decodeDns(packet)
  if (!message) return
  const { name, rcode, addresses, queryType } = message
  const isSound =
    name.length > 0 &&
    name.length <= 4 * 255 &&
    !name.includes('\0') &&
    [1, 28].includes(queryType) &&
    rcode < 16 &&
    addresses.every((address) => address.length === 16)
  if (!isSound) expect.fail(`${packet.toString('hex')} is read as ${JSON.stringify(message)}`)
}
