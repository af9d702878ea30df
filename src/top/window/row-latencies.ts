import { bucketMiddle, nearestRank, percentileOf } from '../../sums/latency-histogram.js'
import { NO_BUCKET } from './attempt-ring.js'
import type { Grouped, TopRow } from './group-window.js'

/** Percentiles of the established attempts of a row; `null` without any. Within 1/128, as histograms are. */
export interface RowLatencies {
  readonly p50Ns: number | null
  readonly p99Ns: number | null
}

export const NO_LATENCIES: RowLatencies = { p50Ns: null, p99Ns: null }

/** Percentiles of all rows together. */
export function totalLatencies({ view: { sums } }: Grouped): RowLatencies {
  return { p50Ns: percentileOf(sums.buckets, 50), p99Ns: percentileOf(sums.buckets, 99) }
}

/** Percentiles by position of a row in `Grouped.rows`, for `rows` only. */
export function rowLatencies(grouped: Grouped, rows: readonly TopRow[]): Map<number, RowLatencies> {
  const slotOfRow = new Int32Array(grouped.rows.length).fill(-1)
  rows.forEach(({ index }, slot) => (slotOfRow[index] = slot))
  const slotOfId = grouped.rowOfId.map((row) => (row === -1 ? -1 : (slotOfRow[row] as number)))
  const bucketsOf = sortBuckets(grouped, rows.length, slotOfId)
  return new Map(rows.map(({ index }, slot) => [index, percentilesOf(bucketsOf(slot))]))
}

/** As percentileOf computes them, from the bucket of each attempt. */
function percentilesOf(buckets: Uint16Array): RowLatencies {
  if (buckets.length === 0) return NO_LATENCIES
  const sorted = buckets.toSorted()
  const percentile = (percent: number) =>
    Math.round(bucketMiddle(sorted[nearestRank(percent, sorted.length) - 1] as number))
  return { p50Ns: percentile(50), p99Ns: percentile(99) }
}

/**
 * Histogram buckets of established attempts, grouped by slot with a counting sort.
 * @param slotOfId -1: not asked for
 */
function sortBuckets(
  { view: { columns, bounds }, ids }: Grouped,
  slots: number,
  slotOfId: Int32Array,
): (slot: number) => Uint16Array {
  const [first, end] = [bounds[0] as number, bounds.at(-1) as number]
  const { mask, bucket } = columns
  const starts = new Uint32Array(slots + 1)
  for (let position = first; position < end; position++) {
    const slot = slotOfId[ids[position & mask] as number] as number
    if (slot >= 0 && bucket[position & mask] !== NO_BUCKET) starts[slot + 1]!++
  }
  for (let slot = 0; slot < slots; slot++) starts[slot + 1]! += starts[slot] as number
  const grouped = new Uint16Array(starts[slots] as number)
  const next = starts.slice()
  for (let position = first; position < end; position++) {
    const at = position & mask
    const slot = slotOfId[ids[at] as number] as number
    if (slot >= 0 && bucket[at] !== NO_BUCKET) grouped[next[slot]!++] = bucket[at] as number
  }
  return (slot) => grouped.subarray(starts[slot] as number, starts[slot + 1] as number)
}
