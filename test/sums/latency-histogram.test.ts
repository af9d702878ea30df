import { describe, expect, test } from 'vitest'
import {
  BUCKET_COUNT,
  RELATIVE_ERROR,
  addEncodedBuckets,
  bucketMiddle,
  bucketOf,
  encodeBuckets,
  nearestRank,
  percentileOf,
} from '../../src/sums/latency-histogram.js'
import { createRandom, exactPercentile, randomInteger, randomNormal } from '../store/random.js'

const MAX_DURATION_NS = 2 ** 53 - 1
const DISTRIBUTIONS = distributions()

describe('buckets', () => {
  test('durations below 128 ns have one bucket each', () => {
    for (let ns = 0; ns < 128; ns++) expect([bucketOf(ns), bucketMiddle(ns)]).toEqual([ns, ns])
  })

  test('the middle of a bucket is within 1/128 of its durations, up to 2^53', () => {
    const worst = Math.max(
      ...sampleDurations().map((ns) => Math.abs(bucketMiddle(bucketOf(ns)) - ns) / Math.max(1, ns)),
    )
    expect(worst).toBeLessThanOrEqual(RELATIVE_ERROR)
  })

  test('buckets ascend with the duration without gaps, and stay below BUCKET_COUNT', () => {
    const durations = sampleDurations().toSorted((a, b) => a - b)
    const buckets = durations.map(bucketOf)
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b))
    expect(buckets.every(Number.isInteger)).toBe(true)
    expect(bucketOf(MAX_DURATION_NS)).toBe(BUCKET_COUNT - 1)
    expect(new Set(buckets).size).toBe(BUCKET_COUNT)
  })

  test('middles ascend with the bucket, and each is in its own bucket', () => {
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      expect(bucketOf(Math.floor(bucketMiddle(bucket)))).toBe(bucket)
      if (bucket > 0) expect(bucketMiddle(bucket)).toBeGreaterThan(bucketMiddle(bucket - 1))
    }
  })
})

describe('percentiles', () => {
  const PERCENTS = [0.1, 1, 25, 50, 75, 90, 99, 99.9, 100]

  test.each(Object.keys(DISTRIBUTIONS))('%s: within 1 %% of the nearest rank', (name) => {
    const values = DISTRIBUTIONS[name] as number[]
    const counts = countBuckets(values)
    for (const percent of PERCENTS) {
      const exact = exactPercentile(values, percent) as number
      expect(Math.abs((percentileOf(counts, percent) as number) - exact)).toBeLessThanOrEqual(0.01 * exact)
    }
  })

  test('equal the nearest rank exactly if buckets are exact', () => {
    const random = createRandom(7)
    for (let size = 1; size <= 120; size++) {
      const values = Array.from({ length: size }, () => randomInteger(random, 0, 127))
      const counts = countBuckets(values)
      for (const percent of PERCENTS) expect(percentileOf(counts, percent)).toBe(exactPercentile(values, percent))
    }
  })

  test.each([
    [99.9, 1000, 999],
    [99.9, 1001, 1000],
    [0.1, 1000, 1],
    [0.1, 1001, 2],
    [0.1, 1, 1],
    [50, 4, 2],
    [50, 5, 3],
    [100, 7, 7],
  ])('the rank of %f %% of %i values is %i', (percent, total, rank) => {
    expect(nearestRank(percent, total)).toBe(rank)
  })

  test('without values there is no percentile', () => {
    expect(percentileOf(new Float64Array(BUCKET_COUNT), 50)).toBeNull()
  })

  test('a percentile is at most the maximum, if that is known', () => {
    const counts = countBuckets([1_000_000])
    expect(percentileOf(counts, 50)).toBeGreaterThan(1_000_000)
    expect(percentileOf(counts, 50, 1_000_000)).toBe(1_000_000)
  })
})

describe('stored buckets', () => {
  test('are decoded to the encoded counts', () => {
    const random = createRandom(11)
    for (let round = 0; round < 50; round++) {
      const counts = new Float64Array(BUCKET_COUNT)
      for (let i = 0; i < round * 5; i++) {
        counts[randomInteger(random, 0, BUCKET_COUNT - 1)] = Math.floor(2 ** (random() * 52))
      }
      expect(decode(encodeBuckets(pairsOf(counts)))).toEqual(counts)
    }
  })

  test('are added to existing counts', () => {
    const counts = new Float64Array(BUCKET_COUNT)
    counts[5] = 1
    addEncodedBuckets(encodeBuckets([5, 2, 300, 4]), counts)
    expect([counts[5], counts[300]]).toEqual([3, 4])
  })

  test('of damaged files neither throw nor hang, and never give NaN as a percentile', () => {
    const random = createRandom(13)
    const hostile = [
      Uint8Array.of(0x80),
      Uint8Array.of(5, 0x80, 0x80),
      new Uint8Array(5000).fill(0xff),
      Uint8Array.of(...new Array(200).fill(0x80), 1, 1),
      Uint8Array.of(3, ...new Array(200).fill(0x80), 1),
      ...Array.from({ length: 500 }, () => Uint8Array.from({ length: 40 }, () => randomInteger(random, 0, 255))),
    ]
    for (const bytes of hostile) {
      const counts = decode(bytes)
      expect(counts.length).toBe(BUCKET_COUNT)
      for (const percent of [50, 99, 100]) expect(percentileOf(counts, percent)).not.toBeNaN()
    }
  })

  test('with a distance out of range are ignored', () => {
    const counts = decode(Uint8Array.of(2, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1))
    expect(counts[2]).toBe(1)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1)
  })
})

/** Both ends and the middle of each bucket, and values between them. */
function sampleDurations(): number[] {
  const random = createRandom(3)
  const ends = Array.from({ length: BUCKET_COUNT }, (_, bucket) => Math.floor(bucketMiddle(bucket)))
  const powers = Array.from({ length: 53 }, (_, i) => [2 ** i - 1, 2 ** i, 2 ** i + 1]).flat()
  const between = Array.from({ length: 50_000 }, () => Math.floor(2 ** (random() * 53)))
  return [...ends, ...powers, ...between, MAX_DURATION_NS].filter((ns) => ns >= 0 && ns <= MAX_DURATION_NS)
}

function distributions(): Record<string, number[]> {
  const random = createRandom(5)
  const draw = (next: () => number) => Array.from({ length: 20_000 }, () => Math.max(1, Math.round(next())))
  const logNormal = (middle: number) => middle * Math.exp(randomNormal(random))
  return {
    'log-normal': draw(() => logNormal(2e6)),
    'bimodal': draw(() => (random() < 0.7 ? logNormal(8e4) : logNormal(3e8))),
    'constant': draw(() => 123_456_789),
    'heavy-tailed': draw(() => 1e5 / (1 - random()) ** 2),
    'beyond 2^32 ns': draw(() => 5e9 + random() * 1e12),
    'a single value': [987_654_321],
  }
}

function countBuckets(values: readonly number[]): Float64Array {
  const counts = new Float64Array(BUCKET_COUNT)
  for (const value of values) counts[bucketOf(value)]!++
  return counts
}

function pairsOf(counts: Float64Array): number[] {
  return Array.from(counts).flatMap((count, bucket) => (count > 0 ? [bucket, count] : []))
}

function decode(encoded: Uint8Array): Float64Array {
  const counts = new Float64Array(BUCKET_COUNT)
  addEncodedBuckets(encoded, counts)
  return counts
}
