import { describe, expect, test } from 'vitest'
import { encodeIds, forEachBit, readIds } from '../../src/sums/id-list.js'
import { decodeIds } from '../store/decode-blobs.js'
import { createRandom, randomInteger } from '../store/random.js'

function decode(encoded: Uint8Array): number[] {
  const ids: number[] = []
  readIds(encoded, {
    id: (id) => ids.push(id),
    dense: (firstId, bits) => forEachBit(bits, (bit) => ids.push(firstId + bit)),
  })
  return ids
}

const ascending = (ids: Iterable<number>) => [...ids].toSorted((a, b) => a - b)
const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

describe('encoded ids', () => {
  test.each([
    [[], []],
    [[0], [0, 2, 0]],
    [[127], [0, 2, 127]],
    [[128], [0, 2, 0x80, 1]],
    [
      [1030, 5, 7],
      [0, 4, 5, 2, 1, 2, 6],
    ],
    [[2 ** 32 + 1], [0x80, 0x80, 0x80, 2, 2, 1]],
  ])('%j are stored as distances within their blocks', (ids, bytes) => {
    expect(encodeIds(ids)).toEqual(Uint8Array.from(bytes))
    expect(decode(encodeIds(ids))).toEqual(ascending(ids))
  })

  test('are decoded in ascending order, up to 2^52', () => {
    const random = createRandom(23)
    for (let count = 0; count < 900; count += 7) {
      const few = Array.from({ length: count }, () => randomInteger(random, 1, 3000))
      const large = Array.from({ length: count }, () => Math.floor(2 ** (random() * 52)))
      const ids = ascending(new Set([...few, ...large, 2 ** 52]))
      const encoded = encodeIds(ids.toReversed())
      expect(decode(encoded)).toEqual(ids)
      expect(decodeIds(encoded)).toEqual(ids)
    }
  })

  test('use one bit each if they are consecutive', () => {
    const ids = range(100, 65_536)
    const encoded = encodeIds(ids)
    expect(encoded.length).toBeLessThan(65_536 / 8 + 65 * 5)
    expect(decode(encoded)).toEqual(ids)
    expect(decodeIds(encoded)).toEqual(ids)
  })

  test.each([127, 128, 1024])('%i in one block are decoded', (count) => {
    const ids = range(2048, count)
    expect(decode(encodeIds(ids))).toEqual(ids)
  })

  test("are encoded without changing the caller's array", () => {
    const ids = [3, 1, 2]
    encodeIds(ids)
    expect(ids).toEqual([3, 1, 2])
  })
})

describe('damaged id sets', () => {
  test('that are truncated are decoded up to their end', () => {
    const encoded = encodeIds([5, 300])
    expect(decode(encoded.subarray(0, 3))).toEqual([5])
    expect(decode(encoded.subarray(0, 4))).toEqual([5, 5 + (295 % 128)])
    expect(decode(encodeIds(range(0, 200)).subarray(0, 2 + 18))).toEqual(range(0, 18 * 8))
  })

  test('never give more ids than a block has', () => {
    const random = createRandom(29)
    for (let round = 0; round < 500; round++) {
      const bytes = Uint8Array.from({ length: randomInteger(random, 0, 400) }, () => 256 * random())
      let ids = 0
      readIds(bytes, {
        id: () => ids++,
        dense: (_, bits) => expect(bits.length).toBeLessThanOrEqual(128),
      })
      expect(ids).toBeLessThanOrEqual(bytes.length)
    }
  })
})
