import { expect, test } from 'vitest'
import { createLatencyReader, type Latencies } from '../../../src/analyze/sums/latencies.js'
import { bucketOf, encodeBuckets } from '../../../src/store/latency-histogram.js'
import { createRandom, randomInteger } from '../../store/random.js'

function makeLatencies(seed: number): Latencies {
  const random = createRandom(seed)
  const scale = 10 ** randomInteger(random, 2, 12)
  const values = Array.from({ length: randomInteger(random, 0, 300) }, () => randomInteger(random, 1, scale))
  const buckets = values.map((value) => encodeBuckets([bucketOf(value), 1]))
  return { buckets, values: null, maxNs: values.length > 0 ? Math.max(...values) : null }
}

test('a percentile that may not exceed a limit does not', () => {
  const reader = createLatencyReader()
  const groups = Array.from({ length: 60 }, (_, seed) => makeLatencies(seed))
  let ruledOut = 0
  for (const percent of [50, 99, 100]) {
    const limits = groups.map((group) => reader.percentiles(group, [percent])[0] ?? 0)
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

test('of exact values any percentile may exceed a limit', () => {
  const values = { runs: () => [Uint32Array.of(1)], max: 1 }
  expect(createLatencyReader().mayExceed({ buckets: [], values, maxNs: 1 }, 99, 5)).toBe(true)
})
