import { BUCKET_COUNT, bucketOf, percentileOf } from '../../sums/latency-histogram.js'
import { FAILED_OUTCOMES, OUTCOMES } from '../../attempt/outcome.js'
import { hasLatency, type AttemptBatch } from '../write/attempt-batch.js'

const SLICE_MS = 1000
/** Length of the sliding window in seconds. */
const SLICES = 5
const FAILED = new Set(FAILED_OUTCOMES.map((outcome) => OUTCOMES.indexOf(outcome)))

/** Statistics of the attempts in the status line. */
export interface LiveStats {
  readonly attempts: number
  readonly failed: number
  readonly perSecond: number
  readonly p50Ns: number | null
  readonly p99Ns: number | null
}

interface Slice {
  readonly atMs: number
  attempts: number
  readonly buckets: Uint32Array
}

/** Sums batches over a sliding window. Times are milliseconds of a monotonic clock. */
export function createLiveStats() {
  let attempts = 0
  let failed = 0
  let slices: Slice[] = []

  const current = (nowMs: number): Slice => {
    slices = slices.filter((slice) => nowMs - slice.atMs < SLICES * SLICE_MS)
    const last = slices.at(-1)
    if (last && nowMs - last.atMs < SLICE_MS) return last
    const slice = { atMs: nowMs, attempts: 0, buckets: new Uint32Array(BUCKET_COUNT) }
    slices.push(slice)
    return slice
  }
  return {
    add(batch: AttemptBatch, nowMs: number): void {
      const slice = current(nowMs)
      slice.attempts += batch.count
      attempts += batch.count
      for (let row = 0; row < batch.count; row++) {
        const { outcome, flags } = batch.shapes[batch.shape[row] as number]!
        if (outcome === 0 && hasLatency(outcome, flags)) slice.buckets[bucketOf(batch.latencyNs[row] as number)]!++
        if (FAILED.has(outcome)) failed++
      }
    },
    read(nowMs: number): LiveStats {
      current(nowMs)
      const buckets = new Float64Array(BUCKET_COUNT)
      for (const slice of slices) slice.buckets.forEach((count, bucket) => (buckets[bucket]! += count))
      const seconds = Math.max(1, (nowMs - slices[0]!.atMs) / 1000)
      const recent = slices.reduce((sum, slice) => sum + slice.attempts, 0)
      return {
        attempts,
        failed,
        perSecond: Math.round(recent / seconds),
        p50Ns: percentileOf(buckets, 50),
        p99Ns: percentileOf(buckets, 99),
      }
    },
  }
}
