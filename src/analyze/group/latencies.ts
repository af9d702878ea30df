import { BUCKET_COUNT, bucketOf, forEachBucket, nearestRank, percentileFrom } from '../../sums/latency-histogram.js'
import { countValues, createRankSelector } from './select-ranks.js'
import type { ExactValues, ValueRun } from './value-lists.js'

/** Latencies of a group: stored histograms, or every value. */
export interface Latencies {
  readonly buckets: readonly Uint8Array[]
  /** In ns; `null`: not kept. */
  readonly values: ExactValues | null
  readonly maxNs: number | null
}

/** Reads latencies with one scratch histogram for all groups, of which there may be a million. */
export interface LatencyReader {
  /** A percentile in ns, nearest rank; `null` without values. Further percentiles of the same latencies are cheap. */
  percentile(latencies: Latencies, percent: number): number | null
  /** Whether a percentile may exceed a limit; `false` is certain. Faster than `percentile`. */
  mayExceed(latencies: Latencies, percent: number, limitNs: number): boolean
  /** Number of latencies. */
  count(latencies: Latencies): number
  /** Counts per bucket, valid until other latencies are read. */
  histogram(latencies: Latencies): Float64Array
  /** Calls `take` with each bucket that has values, ascending. */
  forEachBucket(latencies: Latencies, take: (bucket: number, count: number) => void): void
}

export function createLatencyReader(): LatencyReader {
  const scratch = new Float64Array(BUCKET_COUNT)
  /** The buckets of `scratch` that have values, and how many values */
  const used = { first: BUCKET_COUNT, last: -1, total: 0 }
  const note = (bucket: number, count: number) => {
    // Only a damaged file has others.
    if (bucket >= BUCKET_COUNT) return
    scratch[bucket]! += count
    used.total += count
    if (bucket < used.first) used.first = bucket
    if (bucket > used.last) used.last = bucket
  }
  // Columns read several percentiles of the same latencies: the last result is kept.
  let inScratch: Latencies | null = null
  let exact: { readonly values: ExactValues; readonly percentile: (percent: number) => number | null } | null = null
  const histogram = (latencies: Latencies) => {
    if (latencies === inScratch) return scratch
    // Most groups have values in few buckets.
    scratch.fill(0, used.first, used.last + 1)
    Object.assign(used, { first: BUCKET_COUNT, last: -1, total: 0 })
    for (const blob of latencies.buckets) forEachBucket(blob, note)
    inScratch = latencies
    return scratch
  }
  return {
    histogram,
    forEachBucket(latencies, take) {
      const counts = histogram(latencies)
      for (let bucket = used.first; bucket <= used.last; bucket++) {
        const count = counts[bucket] as number
        if (count > 0) take(bucket, count)
      }
    },
    count({ buckets, values }) {
      if (values !== null) return countValues(values.runs())
      let total = 0
      const add = (bucket: number, count: number) => {
        if (bucket < BUCKET_COUNT) total += count
      }
      for (const blob of buckets) forEachBucket(blob, add)
      return total
    },
    mayExceed({ buckets, values }, percent, limitNs) {
      if (values !== null) return true
      const limit = bucketOf(limitNs)
      let [total, atLimit] = [0, 0]
      const add = (bucket: number, count: number) => {
        // Percentiles leave out others too.
        if (bucket >= BUCKET_COUNT) return
        total += count
        if (bucket >= limit) atLimit += count
      }
      for (const blob of buckets) forEachBucket(blob, add)
      return atLimit > total - nearestRank(percent, total)
    },
    percentile(latencies, percent) {
      const { values, maxNs } = latencies
      if (values === null) return percentileFrom(histogram(latencies), used, percent, maxNs ?? Infinity)
      if (exact?.values !== values) exact = { values, percentile: createExactPercentile(values.runs()) }
      return exact.percentile(percent)
    },
  }
}

function createExactPercentile(runs: readonly ValueRun[]): (percent: number) => number | null {
  const [total, valueAt] = [countValues(runs), createRankSelector(runs)]
  return (percent) => valueAt(nearestRank(percent, total))
}

/** The latencies of several groups together. */
export function mergeLatencies(groups: readonly Latencies[]): Latencies {
  const exact = groups.flatMap(({ values }) => values ?? [])
  const maxNs = groups.reduce<number | null>(
    (max, one) => (one.maxNs === null ? max : Math.max(max ?? 0, one.maxNs)),
    null,
  )
  const values = { runs: () => exact.flatMap((one) => one.runs()), max: maxNs }
  return { buckets: groups.flatMap(({ buckets }) => buckets), values: exact.length > 0 ? values : null, maxNs }
}
