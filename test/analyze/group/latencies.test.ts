import { expect, test } from 'vitest'
import { createLatencyReader, mergeLatencies, type Latencies } from '../../../src/analyze/group/latencies.js'
import { bucketOf, encodeBuckets } from '../../../src/sums/latency-histogram.js'
import { createRandom, exactPercentile, randomInteger } from '../../store/random.js'
import { expectWithin } from '../expect-within.js'

function makeLatencies(seed: number): Latencies {
  const random = createRandom(seed)
  const scale = 10 ** randomInteger(random, 2, 12)
  const values = Array.from({ length: randomInteger(random, 0, 300) }, () => randomInteger(random, 1, scale))
  const buckets = values.map((value) => encodeBuckets([bucketOf(value), 1]))
  return { buckets, values: null, maxNs: values.length > 0 ? Math.max(...values) : null }
}

test('a percentile that cannot exceed a limit is at most the limit', () => {
  const reader = createLatencyReader()
  const groups = Array.from({ length: 60 }, (_, seed) => makeLatencies(seed))
  let ruledOut = 0
  for (const percent of [50, 99, 100]) {
    const limits = groups.map((group) => reader.percentile(group, percent) ?? 0)
    for (const [i, group] of groups.entries()) {
      for (const limitNs of limits) {
        if (reader.mayExceed(group, percent, limitNs)) continue
        ruledOut++
        expect(limits[i]).toBeLessThanOrEqual(limitNs)
      }
    }
  }
  expect(ruledOut).toBeGreaterThan(1000)
})

test('percentiles of exact values may always exceed a limit', () => {
  const values = { runs: () => [Uint32Array.of(1)], max: 1 }
  expect(createLatencyReader().mayExceed({ buckets: [], values, maxNs: 1 }, 99, 5)).toBe(true)
})

test('a percentile does not depend on latencies read before', () => {
  const reader = createLatencyReader()
  const both = [makeLatencies(3), listed([7, 9]), makeLatencies(5), listed([1])]
  const alone = both.map((latencies) => createLatencyReader().percentile(latencies, 50))
  expect(new Set(alone).size).toBe(both.length)
  for (let i = 0; i < 3; i++) expect(both.map((latencies) => reader.percentile(latencies, 50))).toEqual(alone)
})

const PERCENTS = [0, 1, 50, 90, 99, 99.9, 100]

function listed(values: readonly number[]): Latencies {
  const maxNs = values.length ? Math.max(...values) : null
  return { buckets: [], values: { runs: () => [Float64Array.from(values)], max: maxNs }, maxNs }
}

function bucketed(values: readonly number[]): Latencies {
  const buckets = values.map((value) => encodeBuckets([bucketOf(value), 1]))
  return { buckets, values: null, maxNs: values.length ? Math.max(...values) : null }
}

test.each([1, 2, 3, 4])('percentiles of merged latencies equal those of all values: seed %i', (seed) => {
  const random = createRandom(seed)
  const lists = Array.from({ length: randomInteger(random, 1, 12) }, () => {
    const scale = 10 ** randomInteger(random, 1, 12)
    return Array.from({ length: randomInteger(random, 0, 60) }, () => randomInteger(random, 0, scale))
  })
  const all = lists.flat()
  const reader = createLatencyReader()
  const [exact, approximate] = [mergeLatencies(lists.map(listed)), mergeLatencies(lists.map(bucketed))]
  for (const percent of PERCENTS) {
    expect(reader.percentile(exact, percent)).toBe(exactPercentile(all, percent))
    expectWithin(reader.percentile(approximate, percent), exactPercentile(all, percent)!)
  }
  expect(exact.maxNs).toBe(exactPercentile(all, 100))
})

test('no latencies have no percentile', () => {
  const reader = createLatencyReader()
  for (const groups of [[], [listed([])], [bucketed([])], [listed([]), listed([])]]) {
    const merged = mergeLatencies(groups)
    expect([reader.percentile(merged, 50), reader.percentile(merged, 99), merged.maxNs]).toEqual([null, null, null])
  }
})
