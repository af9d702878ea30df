import { describe, expect, test } from 'vitest'
import { decodeDns, normalizeName } from '../../../src/record/dns/decode-dns.js'
import { formatAddress } from '../../../src/attempt/address.js'
import { a, aaaa, cname, makePacket } from './make-packet.js'

const addressesOf = (payload: Uint8Array) => decodeDns(payload)?.addresses.map(formatAddress)

/** Answer of dnsmasq 2.90 to a query for Alias2.Example.net with EDNS: two CNAMEs and an address. */
const RECORDED = Buffer.from(
  [
    '1a2b8580000100030000000106416c69617332074578616d706c65036e65740000010001',
    'c00c0005000100000000001305616c696173076578616d706c65036e657400',
    'c03000050001000000000012047265616c076578616d706c65036e657400',
    'c04f000100010000000000040a4d000700002904d0000000000000',
  ].join(''),
  'hex',
)

describe('a query', () => {
  test.each([
    ['A', 1],
    ['AAAA', 28],
  ] as const)('for %s is decoded', (type, queryType) => {
    const none = { rcode: 0, isTruncated: false, addresses: [] }
    const message = { id: 4711, isAnswer: false, name: 'www.example.org', queryType, ...none }
    expect(decodeDns(makePacket({ id: 4711, type }))).toEqual(message)
    expect(decodeDns(makePacket({ id: 4711, type, ednsBytes: 1232 }))).toEqual(message)
  })

  test.each(['MX', 'PTR', 'HTTPS'] as const)('for %s is not a query for addresses', (type) => {
    expect(decodeDns(makePacket({ type }))).toBeNull()
    expect(decodeDns(makePacket({ type, answers: [] }))).toBeNull()
  })

  test('of another class than IN is not a query for addresses', () => {
    const packet = makePacket()
    packet[packet.length - 1] = 3
    expect(decodeDns(packet)).toBeNull()
  })

  test('with records in it has no addresses', () => {
    const packet = makePacket({ answers: [a('192.0.2.1')] })
    packet[2] = (packet[2] as number) & 0x7f
    expect(decodeDns(packet)).toMatchObject({ isAnswer: false, addresses: [] })
  })
})

describe('an answer', () => {
  test('has the addresses of its answer section, in order', () => {
    expect(addressesOf(makePacket({ answers: [a('192.0.2.1'), a('192.0.2.2')] }))).toEqual(['192.0.2.1', '192.0.2.2'])
    const ipv6 = makePacket({ type: 'AAAA', answers: [aaaa('2001:db8::1'), aaaa('::ffff:192.0.2.9')] })
    expect(addressesOf(ipv6)).toEqual(['2001:db8::1', '192.0.2.9'])
  })

  test('with CNAMEs belongs to the name of the query', () => {
    const answers = [
      cname('edge.example.net'),
      cname('pop.example.com', 'edge.example.net'),
      a('192.0.2.7', 'pop.example.com'),
    ]
    expect(decodeDns(makePacket({ answers, ednsBytes: 4096 }))?.name).toBe('www.example.org')
    expect(addressesOf(makePacket({ answers, ednsBytes: 4096 }))).toEqual(['192.0.2.7'])
  })

  test('with compressed names is decoded, as a server sent it', () => {
    const { name, rcode, isAnswer, id } = decodeDns(RECORDED) ?? {}
    expect({ name, rcode, isAnswer, id }).toEqual({ name: 'alias2.example.net', rcode: 0, isAnswer: true, id: 0x1a2b })
    expect(addressesOf(RECORDED)).toEqual(['10.77.0.7'])
  })

  test.each([
    ['no such name', 3],
    ['server failure', 2],
    ['refused', 5],
  ])('%s', (_, rcode) => {
    expect(decodeDns(makePacket({ answers: [], rcode }))).toMatchObject({ isAnswer: true, rcode, addresses: [] })
  })

  test('ignores the addresses of its other sections', () => {
    const packet = makePacket({ answers: [a('192.0.2.1')] })
    // Moves the record to the authority section.
    packet.writeUInt16BE(0, 6)
    packet.writeUInt16BE(1, 8)
    expect(addressesOf(packet)).toEqual([])
  })

  test.each([0, 3, 5, 16])('ignores an A record of %d bytes', (length) => {
    const packet = makePacket({ answers: [a('192.0.2.1')] })
    const data = Buffer.concat([packet.subarray(0, -4), Buffer.alloc(length, 1)])
    data.writeUInt16BE(length, packet.length - 6)
    expect(addressesOf(data)).toEqual([])
  })

  test('without a question is not an answer for addresses', () => {
    const packet = Buffer.alloc(12)
    packet.writeUInt16BE(0x8185, 2)
    expect(decodeDns(packet)).toBeNull()
  })
})

describe('a truncated answer (TC)', () => {
  const truncate = (packet: Buffer) => {
    packet[2] = (packet[2] as number) | 2
    return packet
  }
  const TWO = { answers: [a('192.0.2.1'), a('192.0.2.2')] }

  test('is complete if it contains as many records as its header counts', () => {
    expect(decodeDns(makePacket(TWO))?.isTruncated).toBe(false)
    expect(decodeDns(truncate(makePacket(TWO)))).toMatchObject({ isAnswer: true, isTruncated: true, rcode: 0 })
    expect(addressesOf(truncate(makePacket(TWO)))).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  test.each([
    ['answer', 6],
    ['authority', 8],
    ['additional', 10],
  ])('is still an answer if it lacks records of the section %s', (_, countAt) => {
    const packet = truncate(makePacket({ answers: [] }))
    packet.writeUInt16BE(62, countAt)
    const empty = { id: 1, isAnswer: true, name: 'www.example.org', queryType: 1, rcode: 0, addresses: [] }
    expect(decodeDns(packet)).toEqual({ ...empty, isTruncated: true })
    packet[2] = (packet[2] as number) & ~2
    expect(decodeDns(packet)).toBeUndefined()
  })

  test('that ends within a record has the addresses before that record', () => {
    const packet = truncate(makePacket(TWO))
    for (let cut = 1; cut < 15; cut++) {
      expect(decodeDns(packet.subarray(0, -cut)), `${cut} bytes are missing`).toMatchObject({ isTruncated: true })
      expect(addressesOf(packet.subarray(0, -cut)), `${cut} bytes are missing`).toEqual(['192.0.2.1'])
    }
  })

  test('keeps its response code', () => {
    const packet = truncate(makePacket({ answers: [], rcode: 2 }))
    packet.writeUInt16BE(1, 8)
    expect(decodeDns(packet)).toMatchObject({ rcode: 2, isTruncated: true })
  })

  test('with an incomplete question belongs to no lookup', () => {
    const packet = truncate(makePacket({ answers: [] }))
    for (let length = 0; length < packet.length; length++) {
      expect(decodeDns(packet.subarray(0, length)), `${length} of ${packet.length} bytes`).toBeUndefined()
    }
  })

  test('must be a response: a query with the TC bit may not lack records', () => {
    const packet = truncate(makePacket())
    expect(decodeDns(packet)).toMatchObject({ isAnswer: false, isTruncated: false })
    packet.writeUInt16BE(1, 10)
    expect(decodeDns(packet)).toBeUndefined()
  })
})

describe('a packet that the probe cut', () => {
  const packet = makePacket({ answers: [a('192.0.2.1'), a('192.0.2.2')] })

  test('is an answer with the addresses before the cut, and is not marked as truncated', () => {
    for (let cut = 1; cut < 15; cut++) {
      const message = decodeDns(packet.subarray(0, -cut), true)
      expect(message).toMatchObject({ name: 'www.example.org', isAnswer: true, rcode: 0, isTruncated: false })
      expect(message?.addresses.map(formatAddress)).toEqual(['192.0.2.1'])
    }
  })

  test('with an incomplete question belongs to no lookup', () => {
    const question = makePacket().length
    expect(decodeDns(packet.subarray(0, question), true)).toMatchObject({ addresses: [] })
    for (let length = 0; length < question; length++) {
      expect(decodeDns(packet.subarray(0, length), true), `${length} bytes`).toBeUndefined()
    }
  })
})

describe('names', () => {
  test.each([
    ['WwW.Example.ORG', 'www.example.org'],
    ['example.org.', 'example.org'],
    ['.', '.'],
    ['..', '.'],
    [String.raw`a\.`, String.raw`a\.`],
    [String.raw`a\\.`, String.raw`a\\`],
    ['ÄPFEL.example', 'Äpfel.example'],
    ['\u{212a}elvin.example', '\u{212a}elvin.example'],
    ['\u{130}stanbul.example', '\u{130}stanbul.example'],
  ])('%j is stored as %j', (name, kept) => {
    expect(normalizeName(name)).toBe(kept)
  })

  test.each(['WwW.Example.ORG', '\u{130}stanbul.example', '.'])('%j in a packet is decoded', (name) => {
    expect(decodeDns(makePacket({ name }))?.name).toBe(normalizeName(name))
  })

  const ask = (...labels: readonly string[]) => {
    const bytes = labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]))
    const head = Buffer.from('000101000001000000000000', 'hex')
    return decodeDns(Buffer.concat([head, ...bytes, Buffer.from('0000010001', 'hex')]))?.name
  }

  test.each([
    [['\xe9a', 'org'], String.raw`\xe9a.org`],
    [['\xE8a', 'org'], String.raw`\xe8a.org`],
    [['caf\xc3\xa9', 'org'], 'café.org'],
    [['a\xc3', '\xa9'], String.raw`a\xc3.\xa9`],
    [[String.raw`\xE9a`, 'org'], String.raw`\\\\xe9a.org`],
    [['a.b', 'org'], String.raw`a\.b.org`],
    [['a\\', 'b', 'org'], String.raw`a\\.b.org`],
    [['a\\.b', 'org'], String.raw`a\\\.b.org`],
    [['a.'], String.raw`a\.`],
    [['a\0b', 'org'], String.raw`a\000b.org`],
    [[String.raw`a\000b`, 'org'], String.raw`a\\000b.org`],
  ])('the labels %j are stored as %s, which no other labels give', (labels, name) => {
    expect(ask(...labels)).toBe(name)
  })

  test('of 255 bytes are decoded, with at most four characters per byte', () => {
    const labels = ['\xff'.repeat(63), '\xff'.repeat(63), '\xff'.repeat(63), '\xff'.repeat(61)]
    expect(ask(...labels)).toHaveLength(4 * 250 + 3)
    expect(ask(...labels.slice(0, 3), '\xff'.repeat(62))).toBeUndefined()
  })
})
