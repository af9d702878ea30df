import { expect, test } from 'vitest'
import { CLASSIC_BOUNDS_NS, classicBucketOf } from '../../../src/record/metrics/classic-buckets.js'
import { bucketOf } from '../../../src/sums/latency-histogram.js'
import { createRandom } from '../../store/random.js'

test('each bound is 2^k or 1.5 · 2^k ns, and an edge of the buckets of traces, as all of 2^k · {1, 1.25, 1.5, 1.75} are', () => {
  expect(CLASSIC_BOUNDS_NS).toHaveLength(42)
  for (const bound of CLASSIC_BOUNDS_NS) {
    const log2 = Math.floor(Math.log2(bound))
    expect([1, 1.5]).toContain(bound / 2 ** log2)
  }
  for (let log2 = 9; log2 <= 52; log2++) {
    for (const factor of [1, 1.25, 1.5, 1.75]) {
      const edge = factor * 2 ** log2
      expect(bucketOf(edge) - bucketOf(edge - 1), String(edge)).toBe(1)
    }
  }
})

test('a bound includes its own value, and no larger one', () => {
  CLASSIC_BOUNDS_NS.forEach((bound, i) => {
    expect([bound - 1, bound, bound + 1].map(classicBucketOf)).toEqual([i, i, i + 1])
  })
  expect([0, 1].map(classicBucketOf)).toEqual([0, 0])
})

test('any duration is counted below the first bound that is not smaller', () => {
  const random = createRandom(3)
  for (let i = 0; i < 20_000; i++) {
    const duration = Math.floor(2 ** (random() * 50))
    const expected = CLASSIC_BOUNDS_NS.findIndex((bound) => duration <= bound)
    expect(classicBucketOf(duration)).toBe(expected === -1 ? CLASSIC_BOUNDS_NS.length : expected)
  }
})
