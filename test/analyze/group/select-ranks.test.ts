import { expect, test } from 'vitest'
import { createRankSelector } from '../../../src/analyze/group/select-ranks.js'
import type { ValueRun } from '../../../src/analyze/group/value-lists.js'
import { createRandom, randomInteger } from '../../store/random.js'

/** Values of a scale in some runs, of both kinds. */
function makeRuns(seed: number, count: number, limit: number): { runs: ValueRun[]; sorted: number[] } {
  const random = createRandom(seed)
  const lists = [1, 2, 3].map(() => Array.from({ length: count }, () => randomInteger(random, 0, limit)))
  const runs = lists.map((list) => (limit < 2 ** 32 ? Uint32Array.from(list) : Float64Array.from(list)))
  return { runs, sorted: lists.flat().toSorted((a, b) => a - b) }
}

const valuesAt = (runs: readonly ValueRun[], ranks: readonly number[]) => ranks.map(createRankSelector(runs))

test.each([
  ['few', 5, 1e9],
  ['many', 5000, 1e9],
  ['many that are equal', 5000, 3],
  ['many beyond 32 bits', 5000, 2 ** 50],
])('values at ranks are those of all runs together: %s', (_, count, limit) => {
  const { runs, sorted } = makeRuns(count, count, limit)
  const ranks = [1, 2, 3 * count - 1, 3 * count, Math.ceil(1.5 * count), Math.ceil(1.5 * count)]
  expect(valuesAt(runs, ranks)).toEqual(ranks.map((rank) => sorted[rank - 1]))
})

test('negative values and values outside of all buckets, from damaged files, are ordered too', () => {
  const values = Float64Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? -i : 2 ** 60 + i * 2 ** 10))
  const sorted = values.toSorted()
  const ranks = [1, 500, 1000, 1001, 2000]
  expect(valuesAt([values], ranks)).toEqual(ranks.map((rank) => sorted[rank - 1]))
})

test('a rank above the number of values has no value', () => {
  expect(valuesAt([], [1])).toEqual([null])
  expect(valuesAt([Uint32Array.of(4)], [1, 2])).toEqual([4, null])
  expect(valuesAt(makeRuns(1, 1000, 1e6).runs, [3001])).toEqual([null])
})
