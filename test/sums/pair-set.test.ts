import { describe, expect, test } from 'vitest'
import { createPairSet, type PairSet } from '../../src/sums/pair-set.js'
import { createRandom, randomInteger } from '../store/random.js'

type Pair = [first: number, second: number]

/** A reference implementation with Sets. */
function createModel() {
  const byFirst = new Map<number, Set<number>>()
  return {
    byFirst,
    size: () => [...byFirst.values()].reduce((sum, seconds) => sum + seconds.size, 0),
    add(first: number, second: number) {
      const seconds = byFirst.get(first) ?? new Set()
      byFirst.set(first, seconds.add(second))
    },
  }
}

/** The result of `take`, sorted because its order is undefined. Duplicates would remain. */
function takeSorted(set: PairSet): [number, number[]][] {
  return sorted(set.take())
}

function sorted(byFirst: ReadonlyMap<number, Iterable<number>>): [number, number[]][] {
  const lists = [...byFirst].map(([first, seconds]): [number, number[]] => [
    first,
    [...seconds].toSorted((a, b) => a - b),
  ])
  return lists.toSorted(([a], [b]) => a - b)
}

describe('a set', () => {
  test.each([
    ['few of many pairs', 5, 20],
    ['one first value with many second values', 0, 60_000],
    ['many first values with one second value', 60_000, 0],
    ['many first values with many second values', 3000, 3000],
  ])('equals a set of Sets while it grows, and after take(): %s', (_, maxFirst, maxSecond) => {
    const random = createRandom(maxFirst)
    const set = createPairSet()
    for (const count of [10, 511, 513, 40_000, 100]) {
      const model = createModel()
      for (let i = 0; i < count; i++) {
        const pair = [randomInteger(random, 0, maxFirst), randomInteger(random, 0, maxSecond)] as const
        const times = random() < 0.2 ? 3 : 1
        for (let time = 0; time < times; time++) set.add(...pair)
        model.add(...pair)
      }
      expect(set.size).toBe(model.size())
      expect(takeSorted(set)).toEqual(sorted(model.byFirst))
      expect(set.size).toBe(0)
    }
  })

  test('has the right size after every addition', () => {
    const random = createRandom(29)
    const set = createPairSet()
    const model = createModel()
    for (let i = 0; i < 3000; i++) {
      const pair = [randomInteger(random, 0, 40), randomInteger(random, 0, 40)] as const
      set.add(...pair)
      model.add(...pair)
      expect(set.size).toBe(model.size())
    }
  })

  test.each([
    ['first values', [63, 64, 1000, 16_383, 16_384, 70_000], [1023]],
    ['second values', [63], [31, 32, 1023, 1024, 60_000, 2 ** 18 - 1, 2 ** 18, 2 ** 26 - 1]],
    ['first and second values', [5, 64, 3000, 4095, 4096, 2 ** 20], [7, 1024, 3000, 4095, 4096, 2 ** 20]],
  ])('keeps its pairs when its %s grow', (_, firsts, seconds) => {
    const set = createPairSet()
    const model = createModel()
    const steps = Math.max(firsts.length, seconds.length)
    for (let step = 0; step < steps; step++) {
      const [lastFirst, lastSecond] = [firsts[step] ?? firsts.at(-1)!, seconds[step] ?? seconds.at(-1)!]
      const few = [0, 31, 32, 33].map((second, first): Pair => [first, second + 40 * step])
      const edges: Pair[] = [
        [lastFirst, lastSecond],
        [lastFirst, 0],
        [0, lastSecond],
      ]
      for (const pair of [...few, ...edges]) {
        set.add(...pair)
        model.add(...pair)
      }
      expect(set.size).toBe(model.size())
    }
    expect(takeSorted(set)).toEqual(sorted(model.byFirst))
  })

  test('holds a million pairs of any numbers', () => {
    const set = createPairSet()
    const rows = 1 << 10
    for (let time = 0; time < 2; time++) {
      for (let i = 0; i < rows * rows; i++) set.add((i >> 10) * 64, (i & 1023) * 65_536 + (i >> 10))
    }
    expect(set.size).toBe(rows * rows)
    const byFirst = set.take()
    expect(byFirst.size).toBe(rows)
    for (const [first, seconds] of byFirst) {
      expect(seconds).toHaveLength(rows)
      expect(seconds.every((second) => second % 65_536 === first / 64)).toBe(true)
      expect(new Set(seconds).size).toBe(rows)
    }
  })

  test('distinguishes pairs at the limits of their range', () => {
    const pairs = [
      [0, 0],
      [0, 2 ** 26 - 1],
      [1, 0],
      [2 ** 6, 1],
      [2 ** 20 - 1, 0],
      [2 ** 20 - 1, 2 ** 26 - 1],
      [2 ** 20, 0],
    ] as const
    const set = createPairSet()
    for (const pair of [...pairs, ...pairs]) set.add(...pair)
    expect(set.size).toBe(pairs.length)
    expect(takeSorted(set)).toEqual([
      [0, [0, 2 ** 26 - 1]],
      [1, [0]],
      [2 ** 6, [1]],
      [2 ** 20 - 1, [0, 2 ** 26 - 1]],
      [2 ** 20, [0]],
    ])
  })
})

describe('after take()', () => {
  test.each([
    [3, 4],
    [1_000_000, 4],
  ])('the last pair is new again: %i, %i', (first, second) => {
    const set = createPairSet()
    set.add(1, 1)
    set.add(first, second)
    set.take()
    set.add(first, second)
    expect(set.size).toBe(1)
    expect(set.take()).toEqual(new Map([[first, [second]]]))
  })

  test('the set is empty', () => {
    const set = createPairSet()
    expect(set.take()).toEqual(new Map())
    set.add(0, 0)
    set.take()
    expect(set.take()).toEqual(new Map())
  })
})
