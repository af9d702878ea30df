import { describe, expect, test } from 'vitest'
import { decodeDns, normalizeName } from '../../../src/record/dns/decode-dns.js'
import { formatAddress } from '../../../src/store/address.js'
import { a, aaaa, cname, makePacket } from './make-packet.js'

const addressesOf = (payload: Uint8Array) => decodeDns(payload)?.addresses.map(formatAddress)

/** Of dnsmasq 2.90, asked for Alias2.Example.net with EDNS: two CNAMEs and an address. */
const RECORDED = Buffer.from(
  [
    '1a2b8580000100030000000106416c69617332074578616d706c65036e65740000010001',
    'c00c0005000100000000001305616c696173076578616d706c65036e657400',
    'c03000050001000000000012047265616c076578616d706c65036e657400',
    'c04f000100010000000000040a4d000700002904d0000000000000',
  ].join(''),
  'hex',
)

describe('a question', () => {
  test.each([
    ['A', 1],
    ['AAAA', 28],
  ] as const)('for %s', (type, queryType) => {
    const message = { id: 4711, isAnswer: false, name: 'www.example.org', queryType, rcode: 0, addresses: [] }
    expect(decodeDns(makePacket({ id: 4711, type }))).toEqual(message)
    expect(decodeDns(makePacket({ id: 4711, type, ednsBytes: 1232 }))).toEqual(message)
  })

  test.each(['MX', 'PTR', 'HTTPS'] as const)('for %s is none for addresses', (type) => {
    expect(decodeDns(makePacket({ type }))).toBeNull()
    expect(decodeDns(makePacket({ type, answers: [] }))).toBeNull()
  })

  test('of another class than IN is none for addresses', () => {
    const packet = makePacket()
    packet[packet.length - 1] = 3
    expect(decodeDns(packet)).toBeNull()
  })

  test('that holds addresses gives none away', () => {
    const packet = makePacket({ answers: [a('192.0.2.1')] })
    packet[2] = (packet[2] as number) & 0x7f
    expect(decodeDns(packet)).toMatchObject({ isAnswer: false, addresses: [] })
  })
})

describe('an answer', () => {
  test('has the addresses of its answer section, in their order', () => {
    expect(addressesOf(makePacket({ answers: [a('192.0.2.1'), a('192.0.2.2')] }))).toEqual(['192.0.2.1', '192.0.2.2'])
    const ipv6 = makePacket({ type: 'AAAA', answers: [aaaa('2001:db8::1'), aaaa('::ffff:192.0.2.9')] })
    expect(addressesOf(ipv6)).toEqual(['2001:db8::1', '192.0.2.9'])
  })

  test('over CNAMEs belongs to the name that was asked for', () => {
    const answers = [
      cname('edge.example.net'),
      cname('pop.example.com', 'edge.example.net'),
      a('192.0.2.7', 'pop.example.com'),
    ]
    expect(decodeDns(makePacket({ answers, ednsBytes: 4096 }))?.name).toBe('www.example.org')
    expect(addressesOf(makePacket({ answers, ednsBytes: 4096 }))).toEqual(['192.0.2.7'])
  })

  test('as a server sent it, with compressed names', () => {
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

  test('that did not fit (TC) gives what it has', () => {
    const packet = makePacket({ answers: [a('192.0.2.1')] })
    packet[2] = (packet[2] as number) | 2
    expect(addressesOf(packet)).toEqual(['192.0.2.1'])
  })

  test('gives no addresses of its other sections', () => {
    const packet = makePacket({ answers: [a('192.0.2.1')] })
    // The record becomes one of the authority section.
    packet.writeUInt16BE(0, 6)
    packet.writeUInt16BE(1, 8)
    expect(addressesOf(packet)).toEqual([])
  })

  test.each([0, 3, 5, 16])('an A record of %d bytes is no address', (length) => {
    const packet = makePacket({ answers: [a('192.0.2.1')] })
    const data = Buffer.concat([packet.subarray(0, -4), Buffer.alloc(length, 1)])
    data.writeUInt16BE(length, packet.length - 6)
    expect(addressesOf(data)).toEqual([])
  })

  test('without a question is none for addresses', () => {
    const packet = Buffer.alloc(12)
    packet.writeUInt16BE(0x8185, 2)
    expect(decodeDns(packet)).toBeNull()
  })
})

describe('names', () => {
  test.each([
    ['WwW.Example.ORG', 'www.example.org'],
    ['example.org.', 'example.org'],
    ['.', '.'],
    ['a\0b.org', 'a\u{fffd}b.org'],
    ['..', '.'],
    ['ÄPFEL.example', 'Äpfel.example'],
    ['\u{212a}elvin.example', '\u{212a}elvin.example'],
    ['\u{130}stanbul.example', '\u{130}stanbul.example'],
  ])('%j is kept as %j', (name, kept) => {
    expect(normalizeName(name)).toBe(kept)
  })

  test.each(['WwW.Example.ORG', 'a\0b.org', '.'])('%j, in a packet', (name) => {
    expect(decodeDns(makePacket({ name }))?.name).toBe(normalizeName(name))
  })

  test('bytes that are no UTF-8 are replaced', () => {
    const packet = makePacket({ name: 'ab.org' })
    packet.set([0xff, 0xfe], 13)
    expect(decodeDns(packet)?.name).toBe('\u{fffd}\u{fffd}.org')
  })
})
