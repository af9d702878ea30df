import { describe, expect, test } from 'vitest'
import { radixSort } from '../../src/sums/radix-sort.js'
import { createRandom, randomInteger } from '../store/random.js'

/** Sorts with the function under test and a scratch array that is not empty. */
function sort(keys: readonly number[], length = keys.length): number[] {
  const scratch = new Uint32Array(keys.length).fill(77)
  return [...radixSort(Uint32Array.from(keys), scratch, length).subarray(0, length)]
}

const ascending = (keys: readonly number[]) => keys.toSorted((a, b) => a - b)

describe('integers are sorted ascending', () => {
  test.each([
    [[]],
    [[5]],
    [[2, 1]],
    [[7, 7, 7]],
    [[2 ** 32 - 1, 0, 2 ** 31, 2 ** 31 - 1]],
    [[2 ** 11, 2 ** 11 - 1, 2 ** 22, 2 ** 22 - 1, 2 ** 22 + 1]],
  ])('%j', (keys) => {
    expect(sort(keys)).toEqual(ascending(keys))
  })

  test.each<[string, min: number, max: number, step: number]>([
    ['any integers', 0, 2 ** 32 - 1, 1],
    ['small integers', 0, 2000, 1],
    ['with the same lowest digit', 0, 2 ** 21 - 1, 2 ** 11],
    ['with the same highest digit', 2 ** 31, 2 ** 31 + 2 ** 20, 1],
    ['a few values, many times', 2 ** 32 - 5, 2 ** 32 - 1, 1],
  ])('%s', (_, min, max, step) => {
    const random = createRandom(43)
    for (const length of [2, 3, 100, 20_000]) {
      const keys = Array.from({ length }, () => randomInteger(random, min, max) * step)
      expect(sort(keys)).toEqual(ascending(keys))
    }
  })
})

test('elements beyond the length are not sorted', () => {
  expect(sort([9, 3, 6, 1, 2], 3)).toEqual([3, 6, 9])
})
