import { createByteBuffer, putVarint, writtenBytes } from './byte-buffer.js'
import { readVarintPairs } from './varint.js'

/**
 * Log-linear histogram of durations in ns: values below 128 have one bucket each; above, every power of two is divided
 * into 64 buckets of equal width. The middle of a bucket differs from its values by at most 1/128 (0.8%).
 */
const SUB_BUCKETS_LOG2 = 6

/** Number of buckets for durations below 2^53 ns. */
export const BUCKET_COUNT = 64 * 48

/** Bound of the relative error of percentiles from buckets. */
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
 * Nearest rank: the smallest value with at least `percent` of the values at or below it, `null` without values.
 * @param counts values per bucket
 * @param percent 0 < percent <= 100
 * @param maximumNs the maximum, if known: the middle of its bucket may be larger
 */
export function percentileOf(counts: Float64Array, percent: number, maximumNs = Infinity): number | null {
  let total = 0
  for (const count of counts) total += count
  return percentileFrom(counts, { first: 0, total }, percent, maximumNs)
}

/**
 * The same, without a look at buckets that are known to be empty.
 * @param known the first bucket that may have values, and the number of all values
 */
export function percentileFrom(
  counts: Float64Array,
  { first, total }: { readonly first: number; readonly total: number },
  percent: number,
  maximumNs = Infinity,
): number | null {
  if (total === 0) return null
  const rank = nearestRank(percent, total)
  let seen = 0
  let bucket = first
  while ((seen += counts[bucket] ?? 0) < rank) bucket++
  return Math.min(Math.round(bucketMiddle(bucket)), maximumNs)
}

/** Rank, from 1, of a percentile among `total` sorted values. */
export function nearestRank(percent: number, total: number): number {
  // In doubles, 99.9% of 1000 is not exactly 999. The tolerance is a millionth of a value.
  return Math.max(1, Math.ceil((percent * total) / 100 - 1e-6))
}

/**
 * Buckets in stored form: pairs of LEB128 integers, the distance to the previous bucket and its count, ascending.
 * @param pairs bucket, count, bucket, count … with ascending buckets
 */
export function encodeBuckets(pairs: readonly number[]): Uint8Array {
  // Most take two or three bytes per pair.
  const buffer = createByteBuffer(pairs.length * 2)
  let previous = 0
  for (let i = 0; i < pairs.length; i += 2) {
    const bucket = pairs[i] as number
    putVarint(buffer, bucket - previous)
    putVarint(buffer, pairs[i + 1] as number)
    previous = bucket
  }
  return writtenBytes(buffer)
}

/** Reused memory, all 0 between calls: allocating it costs more than adding. */
const merged = new Float64Array(BUCKET_COUNT)

/** Merges stored buckets into one histogram. Buckets out of range are skipped, as in `addEncodedBuckets`. */
export function mergeBuckets(histograms: readonly Uint8Array[]): Uint8Array {
  // Most histograms cover few buckets: scanning all buckets would take longer than adding.
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

/** Adds stored buckets to `counts`. Buckets out of range, which only a damaged file contains, are skipped. */
export function addEncodedBuckets(encoded: Uint8Array, counts: Float64Array): void {
  forEachBucket(encoded, (bucket, count) => {
    if (bucket < counts.length) counts[bucket] = (counts[bucket] as number) + count
  })
}

/** Calls `take` with each stored bucket and its count, ascending; values of a damaged file may be out of range. */
export function forEachBucket(encoded: Uint8Array, take: (bucket: number, count: number) => void): void {
  let bucket = 0
  readVarintPairs(encoded, (distance, count) => {
    bucket += distance
    take(bucket, count)
  })
}
