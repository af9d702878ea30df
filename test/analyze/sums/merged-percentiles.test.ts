import { expect, test } from 'vitest'
import { createLatencyReader, type Latencies } from '../../../src/analyze/sums/latencies.js'
import { highestLatency, mergedPercentiles } from '../../../src/analyze/sums/merged-percentiles.js'
import { bucketOf, encodeBuckets } from '../../../src/store/latency-histogram.js'
import { createRandom, exactPercentile, randomInteger } from '../../store/random.js'
import { expectWithin } from '../expect-within.js'

const PERCENTS = [0, 1, 50, 90, 99, 99.9, 100]

const listed = (values: readonly number[]): Latencies => {
  return {
    buckets: [],
    values: { runs: () => [Float64Array.from(values)], max: null },
    maxNs: values.length ? Math.max(...values) : null,
  }
}
const bucketed = (values: readonly number[]): Latencies => ({
  buckets: values.map((value) => encodeBuckets([bucketOf(value), 1])),
  values: null,
  maxNs: values.length ? Math.max(...values) : null,
})

test.each([1, 2, 3, 4])('percentiles of several lists are those of all their values: %i', (seed) => {
  const random = createRandom(seed)
  const lists = Array.from({ length: randomInteger(random, 1, 12) }, () => {
    const scale = 10 ** randomInteger(random, 1, 12)
    return Array.from({ length: randomInteger(random, 0, 60) }, () => randomInteger(random, 0, scale))
  })
  const all = lists.flat()
  const reader = createLatencyReader()
  const exact = PERCENTS.map((percent) => exactPercentile(all, percent))
  expect(mergedPercentiles(reader, lists.map(listed), PERCENTS)).toEqual(exact)
  const approximate = mergedPercentiles(reader, lists.map(bucketed), PERCENTS)
  approximate.forEach((value, i) => expectWithin(value, exact[i]!))
  expect(highestLatency(lists.map(listed))).toBe(exact.at(-1))
})

test('there are none of nothing', () => {
  const reader = createLatencyReader()
  for (const groups of [[], [listed([])], [bucketed([])], [listed([]), listed([])]]) {
    expect(mergedPercentiles(reader, groups, [50, 99])).toEqual([null, null])
    expect(highestLatency(groups)).toBeNull()
  }
})
