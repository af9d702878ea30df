import { BUCKET_COUNT, bucketOf } from '../../store/latency-histogram.js'
import type { ValueRun } from './value-lists.js'

/** Values up to which to sort them all is fastest. */
const FEW = 512

/**
 * The values at some ranks of all runs together. Counts them by bucket of the latency histogram first, and sorts those of
 * the buckets alone that hold a rank: a fifth of the time of sorting everything, and no memory to speak of.
 * @param ranks from 1, in ascending order of values
 * @returns `null` for each rank when there are fewer values
 */
export function selectRanks(runs: readonly ValueRun[], ranks: readonly number[]): (number | null)[] {
  const total = countValues(runs)
  if (total <= FEW) {
    const sorted = gather(runs, total, () => true)
    return ranks.map((rank) => sorted[rank - 1] ?? null)
  }
  const counts = countBuckets(runs)
  const places = ranks.map((rank) => findPlace(counts, rank))
  const sortedOf = new Map<number, Float64Array>()
  for (const { bucket } of places) {
    if (bucket >= BUCKET_COUNT || sortedOf.has(bucket)) continue
    sortedOf.set(
      bucket,
      gather(runs, counts[bucket] as number, (value) => bucketFor(value) === bucket),
    )
  }
  return places.map(({ bucket, rank }) => sortedOf.get(bucket)?.[rank - 1] ?? null)
}

/** How many values runs hold. */
export function countValues(runs: readonly ValueRun[]): number {
  return runs.reduce((sum, run) => sum + run.length, 0)
}

function countBuckets(runs: readonly ValueRun[]): Float64Array {
  const counts = new Float64Array(BUCKET_COUNT)
  for (const run of runs) for (let i = 0; i < run.length; i++) counts[bucketFor(run[i] as number)]!++
  return counts
}

/** Only a damaged file has values that no bucket is for. */
function bucketFor(value: number): number {
  return value >= 0 ? Math.min(bucketOf(value), BUCKET_COUNT - 1) : 0
}

/** The bucket that holds a rank, and the rank among its values. */
function findPlace(counts: Float64Array, rank: number): { readonly bucket: number; readonly rank: number } {
  let bucket = 0
  let below = 0
  while (bucket < BUCKET_COUNT && below + (counts[bucket] as number) < rank) below += counts[bucket++] as number
  return { bucket, rank: rank - below }
}

/** The values that are wanted, ascending. */
function gather(runs: readonly ValueRun[], count: number, isWanted: (value: number) => boolean): Float64Array {
  const values = new Float64Array(count)
  let length = 0
  for (const run of runs) {
    for (let i = 0; i < run.length; i++) if (isWanted(run[i] as number)) values[length++] = run[i] as number
  }
  return values.toSorted()
}
