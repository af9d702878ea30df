import { expect, test } from 'vitest'
import { formatAddress, parseAddress } from '../../../../src/attempt/address.js'
import { classOf } from '../../../../src/analyze/share/keyed/address-class.js'
import {
  createPrefixPseudonyms,
  createScrambledPseudonyms,
} from '../../../../src/analyze/share/keyed/address-pseudonyms.js'
import { createShareKey } from '../../../../src/analyze/share/keyed/share-key.js'
import { createRandom, randomInteger } from '../../../store/random.js'
import { SECRET } from '../shared-sample.js'

const key = createShareKey(SECRET)
const WAYS = { default: createPrefixPseudonyms(key), strict: createScrambledPseudonyms(key) }
const MAPPED = '00000000000000000000ffff'

const CLASSED = [
  ['127.0.0.1', 'loopback'],
  ['10.1.2.3', 'private'],
  ['172.31.0.9', 'private'],
  ['192.168.7.7', 'private'],
  ['100.127.0.1', 'shared'],
  ['169.254.169.254', 'link-local'],
  ['224.0.0.251', 'multicast'],
  ['8.8.8.8', 'public'],
  ['192.169.0.1', 'public'],
  ['::1', 'loopback'],
  ['fe80::1', 'link-local'],
  ['fd12:3456::1', 'unique local'],
  ['ff02::fb', 'multicast'],
  ['2001:db8::1', 'public'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
] as const

test.each(CLASSED)('%s stays %s, and can be decrypted', (text, name) => {
  const address = parseAddress(text) as Uint8Array
  for (const way of Object.values(WAYS)) {
    const pseudonym = way.of(address)
    expect(classOf(pseudonym).name).toBe(name)
    expect(classOf(pseudonym)).toBe(classOf(address))
    expect(formatAddress(way.original(pseudonym))).toBe(text)
  }
})

function randomAddress(random: () => number): Uint8Array {
  const bytes = Array.from({ length: 16 }, () => randomInteger(random, 0, 255))
  if (random() < 0.5) return Uint8Array.from(bytes)
  return Uint8Array.from([...Buffer.from(MAPPED, 'hex'), ...bytes.slice(12)])
}

function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let bit = 0; bit < 128; bit++) {
    if (((a[bit >> 3]! ^ b[bit >> 3]!) >> (7 - (bit & 7))) & 1) return bit
  }
  return 128
}

test('any address keeps its class and is decrypted, also a public one that had to be encrypted twice', () => {
  const random = createRandom(4)
  for (let i = 0; i < 2000; i++) {
    const address = randomAddress(random)
    for (const way of Object.values(WAYS)) {
      const pseudonym = way.of(address)
      expect(classOf(pseudonym)).toBe(classOf(address))
      expect(Buffer.from(way.original(pseudonym)).equals(address)).toBe(true)
    }
  }
})

test('at level default two addresses of one class that share 16 bits or more share as many afterwards', () => {
  const random = createRandom(5)
  let compared = 0
  for (let i = 0; i < 2000; i++) {
    const a = randomAddress(random)
    const isIpv4 = Buffer.from(a.subarray(0, 12)).toString('hex') === MAPPED
    const b = Uint8Array.from(a)
    const differs = randomInteger(random, isIpv4 ? 112 : 16, 127)
    b[differs >> 3]! ^= 128 >> (differs & 7)
    if (classOf(a) !== classOf(b)) continue
    compared++
    expect(sharedBits(WAYS.default.of(a), WAYS.default.of(b))).toBe(sharedBits(a, b))
  }
  expect(compared).toBeGreaterThan(1900)
})

test('at level strict neighbours are no longer neighbours', () => {
  const [a, b] = ['8.8.8.8', '8.8.8.9'].map((text) => WAYS.strict.of(parseAddress(text) as Uint8Array))
  expect(sharedBits(a as Uint8Array, b as Uint8Array)).toBeLessThan(125)
})
