import { BUCKET_COUNT, bucketOf } from '../../sums/latency-histogram.js'
import type { ValueRun } from './value-lists.js'

/** Number of values up to which sorting all of them is fastest. */
const FEW = 512

/**
 * Returns the values at ranks (from 1, ascending) of all runs together, `null` for a rank above the number of values. Counts the
 * values per bucket of the latency histogram, then sorts only the buckets that contain a rank: a fifth of the time of sorting
 * everything, and little memory.
 */
export function createRankSelector(runs: readonly ValueRun[]): (rank: number) => number | null {
  const total = countValues(runs)
  if (total <= FEW) {
    const sorted = gather(runs, total, () => true)
    return (rank) => sorted[rank - 1] ?? null
  }
  const counts = countBuckets(runs)
  const sortedOf = new Map<number, Float64Array>()
  return (rank) => {
    const { bucket, rank: rankInBucket } = findPlace(counts, rank)
    if (bucket >= BUCKET_COUNT) return null
    const known = sortedOf.get(bucket)
    const sorted = known ?? gather(runs, counts[bucket] as number, (value) => bucketFor(value) === bucket)
    if (!known) sortedOf.set(bucket, sorted)
    return sorted[rankInBucket - 1] ?? null
  }
}

/** Number of values of the runs. */
export function countValues(runs: readonly ValueRun[]): number {
  return runs.reduce((sum, run) => sum + run.length, 0)
}

function countBuckets(runs: readonly ValueRun[]): Float64Array {
  const counts = new Float64Array(BUCKET_COUNT)
  for (const run of runs) for (let i = 0; i < run.length; i++) counts[bucketFor(run[i] as number)]!++
  return counts
}

/** Only damaged files contain values outside of all buckets. */
function bucketFor(value: number): number {
  return value >= 0 ? Math.min(bucketOf(value), BUCKET_COUNT - 1) : 0
}

/** The bucket that contains a rank, and the rank among its values. */
function findPlace(counts: Float64Array, rank: number): { readonly bucket: number; readonly rank: number } {
  let bucket = 0
  let below = 0
  while (bucket < BUCKET_COUNT && below + (counts[bucket] as number) < rank) below += counts[bucket++] as number
  return { bucket, rank: rank - below }
}

/** The values of the buckets, ascending. */
function gather(runs: readonly ValueRun[], count: number, isWanted: (value: number) => boolean): Float64Array {
  const values = new Float64Array(count)
  let length = 0
  for (const run of runs) {
    for (let i = 0; i < run.length; i++) if (isWanted(run[i] as number)) values[length++] = run[i] as number
  }
  return values.toSorted()
}
