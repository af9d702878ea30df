import { pushVarint, readVarintPairs } from './varint.js'

/**
 * Log-linear histogram of durations in ns: values below 128 have a bucket each, above that every power of two is cut
 * into 64 buckets of equal width. The middle of a bucket is at most 1/128 (0.8%) away from any value in it.
 */
const SUB_BUCKETS_LOG2 = 6

/** One more than the highest bucket of any duration below 2^53 ns. */
export const BUCKET_COUNT = 64 * 48

/** Bound on the relative error of a percentile that was read from buckets. */
export const RELATIVE_ERROR = 1 / 128

/** Bucket of a duration: an integer in ns, at least 0. */
export function bucketOf(durationNs: number): number {
  if (durationNs < 128) return durationNs
  if (durationNs >= 4294967296) return (26 << SUB_BUCKETS_LOG2) + bucketOf(Math.floor(durationNs / 67108864))
  const exponent = 31 - SUB_BUCKETS_LOG2 - Math.clz32(durationNs)
  return (exponent << SUB_BUCKETS_LOG2) + (durationNs >>> exponent)
}

/** Middle of a bucket, in ns. */
export function bucketMiddle(bucket: number): number {
  if (bucket < 128) return bucket
  const exponent = (bucket >> SUB_BUCKETS_LOG2) - 1
  const width = 2 ** exponent
  return (bucket - (exponent << SUB_BUCKETS_LOG2)) * width + (width - 1) / 2
}

/**
 * Nearest rank: the smallest value with at least `percent` of the values at or below it, `null` without any.
 * @param counts values per bucket
 * @param percent 0 < percent <= 100
 * @param maximumNs the highest value, where it is known: the middle of its bucket may lie above it
 */
export function percentileOf(counts: Float64Array, percent: number, maximumNs = Infinity): number | null {
  let total = 0
  for (const count of counts) total += count
  if (total === 0) return null
  const rank = nearestRank(percent, total)
  let seen = 0
  let bucket = 0
  while ((seen += counts[bucket] ?? 0) < rank) bucket++
  return Math.min(Math.round(bucketMiddle(bucket)), maximumNs)
}

/** Position, from 1, of a percentile among `total` values in ascending order. */
export function nearestRank(percent: number, total: number): number {
  // 99.9% of 1000 is not 999 in doubles: what is off by less than a value's millionth is meant to be whole.
  return Math.max(1, Math.ceil((percent * total) / 100 - 1e-6))
}

/**
 * Buckets as stored: pairs of LEB128 integers, the distance to the bucket before and its count, ascending.
 * @param pairs bucket, count, bucket, count … with ascending buckets
 */
export function encodeBuckets(pairs: readonly number[]): Uint8Array {
  const bytes: number[] = []
  let previous = 0
  for (let i = 0; i < pairs.length; i += 2) {
    const bucket = pairs[i] as number
    pushVarint(bytes, bucket - previous)
    pushVarint(bytes, pairs[i + 1] as number)
    previous = bucket
  }
  return Uint8Array.from(bytes)
}

/** Counts that are added up, all 0 in between: empty memory of this size costs more than adding. */
const merged = new Float64Array(BUCKET_COUNT)

/** Adds stored buckets up: one histogram of many. Buckets out of range are left out, as `addEncodedBuckets` does. */
export function mergeBuckets(histograms: readonly Uint8Array[]): Uint8Array {
  // Most histograms lie close together: to look at all buckets would take longer than to add up.
  let first = BUCKET_COUNT
  let last = -1
  const add = (bucket: number, count: number) => {
    if (bucket >= BUCKET_COUNT) return
    merged[bucket]! += count
    if (bucket < first) first = bucket
    if (bucket > last) last = bucket
  }
  for (const encoded of histograms) forEachBucket(encoded, add)
  const pairs: number[] = []
  for (let bucket = first; bucket <= last; bucket++) {
    if (merged[bucket] !== 0) pairs.push(bucket, merged[bucket] as number)
  }
  merged.fill(0, first, last + 1)
  return encodeBuckets(pairs)
}

/** Adds stored buckets to `counts`. Buckets out of range, as only a damaged file holds them, are left out. */
export function addEncodedBuckets(encoded: Uint8Array, counts: Float64Array): void {
  forEachBucket(encoded, (bucket, count) => {
    if (bucket < counts.length) counts[bucket] = (counts[bucket] as number) + count
  })
}

/** Calls `take` with each stored bucket and its count, ascending; what a damaged file holds may be out of range. */
export function forEachBucket(encoded: Uint8Array, take: (bucket: number, count: number) => void): void {
  let bucket = 0
  readVarintPairs(encoded, (distance, count) => {
    bucket += distance
    take(bucket, count)
  })
}
