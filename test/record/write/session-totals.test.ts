import { expect, test } from 'vitest'
import { addToTotals, createTotals } from '../../../src/record/write/session-totals.js'
import { bucketOf, encodeBuckets } from '../../../src/sums/latency-histogram.js'

test('adds up windows over all endpoints', () => {
  const totals = createTotals()
  const [low, high] = [bucketOf(1000), bucketOf(5_000_000)]
  addToTotals(totals, {
    entry: 0,
    counts: [3, 1, 0, 0, 0, 0, 0, 0, 9],
    maxLatencyNs: 5_000_000,
    buckets: encodeBuckets([low, 2, high, 1]),
  })
  addToTotals(totals, { entry: 1, counts: [0, 0, 4, 0, 0, 0, 0, 2, 1], maxLatencyNs: null, buckets: null })
  addToTotals(totals, {
    entry: 0,
    counts: [1, 0, 0, 0, 0, 0, 0, 0, 0],
    maxLatencyNs: 1000,
    buckets: encodeBuckets([low, 1]),
  })
  expect(totals.counts).toEqual([4, 1, 4, 0, 0, 0, 0, 2])
  expect([totals.buckets[low], totals.buckets[high]]).toEqual([3, 1])
  expect(totals.maxLatencyNs).toBe(5_000_000)
})
