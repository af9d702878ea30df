import { BUCKET_COUNT, bucketOf } from '../../sums/latency-histogram.js'

const FIRST_LOG2 = 13
/** From here on one bucket per power of two: what takes that long waits for SYN retransmits. */
const COARSE_LOG2 = 30
const LAST_LOG2 = 37

/**
 * Upper bounds of the buckets in ns, inclusive, ascending: from 8 µs to 137 s. Each is 2^k or 1.5 · 2^k, and so an
 * edge of the buckets of traces, so that both count the same.
 */
export const CLASSIC_BOUNDS_NS: readonly number[] = listBounds()

function listBounds(): number[] {
  const bounds: number[] = []
  for (let log2 = FIRST_LOG2; log2 <= LAST_LOG2; log2++) {
    bounds.push(2 ** log2)
    if (log2 < COARSE_LOG2) bounds.push(1.5 * 2 ** log2)
  }
  return bounds
}

/** The classic bucket of each bucket of traces. */
const BUCKET_AT = Uint8Array.from({ length: BUCKET_COUNT }, (_, bucket) => {
  const above = CLASSIC_BOUNDS_NS.findIndex((boundNs) => bucket < bucketOf(boundNs))
  return above === -1 ? CLASSIC_BOUNDS_NS.length : above
})

/** Index of the first bound that is at least the duration; the number of bounds if none is. @param durationNs whole ns */
export function classicBucketOf(durationNs: number): number {
  // Buckets of traces begin at their lower edge, classic buckets end with it.
  return BUCKET_AT[bucketOf(Math.max(0, durationNs - 1))] as number
}
