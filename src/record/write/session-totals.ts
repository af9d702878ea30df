import { BUCKET_COUNT, addEncodedBuckets } from '../../sums/latency-histogram.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import type { LatencyRow } from '../../sums/latency-sums.js'

/** Sums of a whole session, up to its last window. */
export interface SessionTotals {
  /** Attempts per outcome, in the order of `OUTCOMES`. */
  readonly counts: number[]
  /** Latencies of established attempts, per bucket. */
  readonly buckets: Float64Array
  maxLatencyNs: number
}

export function createTotals(): SessionTotals {
  return { counts: OUTCOMES.map(() => 0), buckets: new Float64Array(BUCKET_COUNT), maxLatencyNs: 0 }
}

export function addToTotals(totals: SessionTotals, row: LatencyRow): void {
  OUTCOMES.forEach((_, outcome) => {
    totals.counts[outcome]! += row.counts[outcome] as number
  })
  if (row.buckets) addEncodedBuckets(row.buckets, totals.buckets)
  totals.maxLatencyNs = Math.max(totals.maxLatencyNs, row.maxLatencyNs ?? 0)
}

/** Adds the totals of two sessions. */
export function mergeTotals(a: SessionTotals, b: SessionTotals): SessionTotals {
  return {
    counts: a.counts.map((count, outcome) => count + (b.counts[outcome] as number)),
    buckets: a.buckets.map((count, bucket) => count + (b.buckets[bucket] as number)),
    maxLatencyNs: Math.max(a.maxLatencyNs, b.maxLatencyNs),
  }
}
