import { BUCKET_COUNT, forEachBucket } from '../../../sums/latency-histogram.js'
import { studentTwoSided } from './distributions.js'

/** Latencies of one interval: encoded histograms, to be added up. */
export type IntervalLatencies = readonly Uint8Array[]

/** The latencies of one side, by interval. */
type Side = readonly IntervalLatencies[]

/** Number of values, their mean rank, and the sum of their squared distances from a rank. */
interface Ranked {
  readonly count: number
  readonly mean: number
  readonly squares: number
}

/**
 * Tests whether latencies differ: the p-value of Mann and Whitney's U (1947, Ann. Math. Statist. 18) over histograms,
 * where all values of a bucket are tied (tie correction: Lehmann 1975, "Nonparametrics", 1.4). Latencies close in time
 * are correlated: the variance is inflated by the factor by which the mean ranks of intervals vary more than by chance
 * (Rao and Scott 1992, Biometrics 48).
 */
export function compareLatencies(before: Side, after: Side): number {
  const pooled = new Float64Array(BUCKET_COUNT)
  for (const interval of [...before, ...after]) forEachCount(interval, (bucket, count) => (pooled[bucket]! += count))
  const { ranks, total, tieSum } = rankBuckets(pooled)
  const sides = [before, after].map((side) => rankOf(side.flat(), ranks)) as [Ranked, Ranked]
  const [first, second] = sides
  if (first.count === 0 || second.count === 0 || total < 3) return 1
  const rankVariance = (total * (total + 1)) / 12 - tieSum / (12 * (total - 1))
  // (U - n1 n2 / 2) / sigma, written with mean ranks.
  const deviation = (first.mean - second.mean) / Math.sqrt(rankVariance * (1 / first.count + 1 / second.count))
  if (!Number.isFinite(deviation)) return 1
  const { factor, degrees } = disperse([before, after], ranks, sides)
  return studentTwoSided(deviation / Math.sqrt(factor), degrees)
}

/** The rank of the values of each bucket: the middle rank of the tied values. */
function rankBuckets(pooled: Float64Array): { ranks: Float64Array; total: number; tieSum: number } {
  const ranks = new Float64Array(pooled.length)
  let total = 0
  let tieSum = 0
  pooled.forEach((count, bucket) => {
    ranks[bucket] = total + (count + 1) / 2
    total += count
    tieSum += count ** 3 - count
  })
  return { ranks, total, tieSum }
}

function rankOf(latencies: IntervalLatencies, ranks: Float64Array, from = 0): Ranked {
  let count = 0
  let sum = 0
  let squares = 0
  forEachCount(latencies, (bucket, added) => {
    count += added
    sum += added * (ranks[bucket] as number)
    squares += added * ((ranks[bucket] as number) - from) ** 2
  })
  return { count, mean: count === 0 ? 0 : sum / count, squares }
}

/** Variance of the mean ranks of intervals, relative to that of values drawn independently. */
function disperse(intervals: readonly Side[], ranks: Float64Array, means: readonly Ranked[]) {
  let between = 0
  let within = 0
  let total = 0
  let degrees = -intervals.length
  intervals.forEach((side, i) => {
    const { count, mean } = means[i] as Ranked
    total += count
    for (const latencies of side) {
      const interval = rankOf(latencies, ranks, mean)
      if (interval.count === 0) continue
      degrees++
      between += interval.count * (interval.mean - mean) ** 2
      within += interval.squares
    }
  })
  const freedom = Math.max(1, total - intervals.length)
  if (degrees < 1 || within === 0) return { factor: 1, degrees: freedom }
  return { factor: Math.max(1, between / degrees / (within / freedom)), degrees }
}

/** Leaves out invalid buckets, which only a damaged file contains. */
function forEachCount(latencies: IntervalLatencies, take: (bucket: number, count: number) => void): void {
  for (const blob of latencies) {
    forEachBucket(blob, (bucket, count) => {
      if (bucket < BUCKET_COUNT) take(bucket, count)
    })
  }
}
