import { describe, expect, test } from 'vitest'
import { encodeIds, forEachId } from '../../src/store/id-list.js'
import { createRandom, randomInteger } from './random.js'

function decode(encoded: Uint8Array): number[] {
  const ids: number[] = []
  forEachId(encoded, (id) => ids.push(id))
  return ids
}

const ascending = (ids: Iterable<number>) => [...ids].toSorted((a, b) => a - b)

describe('ids', () => {
  test.each([
    [[], []],
    [[0], [0]],
    [[127], [127]],
    [[128], [0x80, 1]],
    [
      [300, 5, 7],
      [5, 2, 0xa5, 2],
    ],
    [
      [2 ** 32 + 1, 2 ** 32],
      [0x80, 0x80, 0x80, 0x80, 0x10, 1],
    ],
  ])('%j are stored as distances, ascending', (ids, bytes) => {
    expect(encodeIds(ids)).toEqual(Uint8Array.from(bytes))
    expect(decode(encodeIds(ids))).toEqual(ascending(ids))
  })

  test('come back in order, of any size up to 2^52', () => {
    const random = createRandom(23)
    for (let count = 0; count < 300; count += 7) {
      const few = Array.from({ length: count }, () => randomInteger(random, 1, 1000))
      const large = Array.from({ length: count }, () => Math.floor(2 ** (random() * 52)))
      const ids = [...new Set([...few, ...large, 2 ** 52])]
      expect(decode(encodeIds(ids))).toEqual(ascending(ids))
    }
  })

  test('that follow each other take a byte each', () => {
    const ids = Array.from({ length: 65_536 }, (_, i) => 100 + i)
    expect(encodeIds(ids)).toHaveLength(65_536)
    expect(decode(encodeIds(ids))).toEqual(ids)
  })

  test('stay in the order in which the caller has them', () => {
    const ids = [3, 1, 2]
    encodeIds(ids)
    expect(ids).toEqual([3, 1, 2])
  })
})

test('a list that is cut off is read as far as it goes', () => {
  const encoded = encodeIds([5, 300])
  expect(decode(encoded.subarray(0, 1))).toEqual([5])
  expect(decode(encoded.subarray(0, 2))).toEqual([5, 5 + (295 % 128)])
})
