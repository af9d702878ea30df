import { expect, test } from 'vitest'
import { formatAddress, parseAddress } from '../../../../src/attempt/address.js'
import { createIpcrypt, firstBit } from '../../../../src/analyze/share/keyed/ipcrypt-pfx.js'

const FIRST_KEY = '0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301'
const SECOND_KEY = '2b7e151628aed2a6abf7158809cf4f3ca9f5ba40db214c3798f2e1c23456789a'

/** Published vectors of ipcrypt-pfx: implementations/python/test_vectors.json of ipcrypt-std/draft-denis-ipcrypt. */
const VECTORS = [
  [FIRST_KEY, '0.0.0.0', '151.82.155.134'],
  [FIRST_KEY, '255.255.255.255', '94.185.169.89'],
  [FIRST_KEY, '192.0.2.1', '100.115.72.131'],
  [FIRST_KEY, '2001:db8::1', 'c180:5dd4:2587:3524:30ab:fa65:6ab6:f88'],
  [SECOND_KEY, '10.0.0.47', '19.214.210.244'],
  [SECOND_KEY, '10.0.0.129', '19.214.210.80'],
  [SECOND_KEY, '10.0.0.234', '19.214.210.30'],
  [SECOND_KEY, '172.16.5.193', '210.78.229.136'],
  [SECOND_KEY, '172.16.97.42', '210.78.179.241'],
  [SECOND_KEY, '172.16.248.177', '210.78.121.215'],
  [SECOND_KEY, '2001:db8::a5c9:4e2f:bb91:5a7d', '7cec:702c:1243:f70:1956:125:b9bd:1aba'],
  [SECOND_KEY, '2001:db8::7234:d8f1:3c6e:9a52', '7cec:702c:1243:f70:a3ef:c8e:95c1:cd0d'],
  [SECOND_KEY, '2001:db8::f1e0:937b:26d4:8c1a', '7cec:702c:1243:f70:443c:c8e:6a62:b64d'],
  [SECOND_KEY, '2001:db8:3a5c:0:e7d1:4b9f:2c8a:f673', '7cec:702c:3503:bef:e616:96bd:be33:a9b9'],
  [SECOND_KEY, '2001:db8:9f27:0:b4e2:7a3d:5f91:c8e6', '7cec:702c:a504:b74e:194a:3d90:b047:2d1a'],
  [SECOND_KEY, '2001:db8:d8b4:0:193c:a5e7:8b2f:46d1', '7cec:702c:f840:aa67:1b8:e84f:ac9d:77fb'],
] as const

test.each(VECTORS)('key %s: %s becomes %s, and back, as published', (key, plain, encrypted) => {
  const ipcrypt = createIpcrypt(Buffer.from(key, 'hex'))
  const address = parseAddress(plain) as Uint8Array
  const result = ipcrypt.encrypt(address, firstBit(address))
  expect(formatAddress(result)).toBe(encrypted)
  expect(formatAddress(ipcrypt.decrypt(result, firstBit(result)))).toBe(plain)
})

test('a key with two equal halves, or of another length, is refused', () => {
  expect(() => createIpcrypt(Buffer.alloc(32))).toThrow(RangeError)
  expect(() => createIpcrypt(Buffer.from(FIRST_KEY.slice(2), 'hex'))).toThrow(RangeError)
})
