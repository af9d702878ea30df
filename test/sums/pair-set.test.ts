import { describe, expect, test } from 'vitest'
import { createPairSet, type PairSet } from '../../src/sums/pair-set.js'
import { createRandom, randomInteger } from '../store/random.js'

type Pair = [first: number, second: number]

/** The same set by plain Sets. */
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

/** What `take` gives, ascending: its order is free. Each second half stands there as often as it was given. */
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
    ['few of many', 5, 20],
    ['one with many', 0, 60_000],
    ['many with one', 60_000, 0],
    ['many with many', 3000, 3000],
  ])('is that of plain Sets, also as it grows, and again after a take: %s', (_, maxFirst, maxSecond) => {
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

  test('knows its size at every step', () => {
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
    ['first halves', [63, 64, 1000, 16_383, 16_384, 70_000], [1023]],
    ['second halves', [63], [31, 32, 1023, 1024, 60_000, 2 ** 18 - 1, 2 ** 18, 2 ** 26 - 1]],
    ['both', [5, 64, 3000, 4095, 4096, 2 ** 20], [7, 1024, 3000, 4095, 4096, 2 ** 20]],
  ])('holds what it held when its %s grow', (_, firsts, seconds) => {
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

  test('keeps pairs apart at the ends of their range', () => {
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

describe('after a take', () => {
  test.each([
    [3, 4],
    [1_000_000, 4],
  ])('the pair that was added last is a new one: %i, %i', (first, second) => {
    const set = createPairSet()
    set.add(1, 1)
    set.add(first, second)
    set.take()
    set.add(first, second)
    expect(set.size).toBe(1)
    expect(set.take()).toEqual(new Map([[first, [second]]]))
  })

  test('there is nothing, as at first', () => {
    const set = createPairSet()
    expect(set.take()).toEqual(new Map())
    set.add(0, 0)
    set.take()
    expect(set.take()).toEqual(new Map())
  })
})
