import { expect, test } from 'vitest'
import { formatAddress, isIpv4Mapped, isUnspecified, parseAddress } from '../../src/attempt/address.js'

/** 16 bytes from hexadecimal digits. */
function address(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

const MAPPED = '00000000000000000000ffff'

test.each([
  [`${MAPPED} 7f000001`, '127.0.0.1'],
  [`${MAPPED} ffffffff`, '255.255.255.255'],
  [`${MAPPED} 00000000`, '0.0.0.0'],
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000000000001', '::1'],
  ['20010db8000000000000000000000001', '2001:db8::1'],
  ['20010db8000000010000000000000001', '2001:db8:0:1::1'],
  ['20010db8000100010001000100010000', '2001:db8:1:1:1:1:1:0'],
  ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
  ['fe80000000000000021122fffe334455', 'fe80::211:22ff:fe33:4455'],
  ['00000000000000000000000001020304', '::102:304'],
  ['0064ff9b0000000000000000c0000201', '64:ff9b::c000:201'],
])('%s is %s', (hex, text) => {
  expect(formatAddress(address(hex))).toBe(text)
})

test('only ::ffff:0:0/96 is IPv4-mapped', () => {
  expect(isIpv4Mapped(address(`${MAPPED} 7f000001`))).toBe(true)
  expect(isIpv4Mapped(address('00000000000000000000fffe7f000001'))).toBe(false)
  expect(isIpv4Mapped(address('0000000000000000000000007f000001'))).toBe(false)
  expect(isIpv4Mapped(address('0000000000000000010fffff7f000001'))).toBe(false)
})

test('0.0.0.0 and :: are unspecified', () => {
  expect(isUnspecified(address(`${MAPPED} 00000000`))).toBe(true)
  expect(isUnspecified(new Uint8Array(16))).toBe(true)
  expect(isUnspecified(address(`${MAPPED} 00000001`))).toBe(false)
  expect(isUnspecified(address('00000000000000000000fffe00000000'))).toBe(false)
})

test.each(['127.0.0.1', '0.0.0.0', '2001:db8::1', '::', '::102:304', '64:ff9b::c000:201'])('%s is parsed', (text) => {
  expect(formatAddress(parseAddress(text) as Uint8Array)).toBe(text)
  expect(parseAddress(text)).toHaveLength(16)
})

test('an IPv4-mapped address is parsed as an IPv4 address', () => {
  expect(parseAddress('::ffff:192.0.2.1')).toEqual(parseAddress('192.0.2.1'))
  expect(parseAddress('192.0.2.1')).toEqual(address(`${MAPPED} c0000201`))
})

test('a scope id is not part of an address', () => {
  expect(parseAddress('fe80::1%eth0')).toEqual(parseAddress('fe80::1'))
})

test.each(['', 'localhost', 'example.org', '1.2.3.4.5', '256.0.0.1', ':::', '12345::', '1.2.3.4 '])(
  '%j is not an address',
  (text) => {
    expect(parseAddress(text)).toBeNull()
  },
)
