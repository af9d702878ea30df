import { BUCKET_COUNT, addEncodedBuckets, nearestRank, percentileOf } from '../../store/latency-histogram.js'
import { countValues, selectRanks } from './select-ranks.js'
import type { ExactValues, ValueRun } from './value-lists.js'

/** Latencies of a group: stored histograms, or every value. */
export interface Latencies {
  readonly buckets: readonly Uint8Array[]
  /** In ns; `null` when they were not kept. */
  readonly values: ExactValues | null
  readonly maxNs: number | null
}

/** Reads latencies, with one scratch histogram for all groups: there may be a million of them. */
export interface LatencyReader {
  /** Percentiles in ns, nearest rank, each `null` without a value. */
  percentiles(latencies: Latencies, percents: readonly number[]): (number | null)[]
  /** Counts per bucket. Void at the next call. */
  histogram(latencies: Latencies): Float64Array
}

export function createLatencyReader(): LatencyReader {
  const scratch = new Float64Array(BUCKET_COUNT)
  const histogram = (latencies: Latencies) => {
    scratch.fill(0)
    for (const blob of latencies.buckets) addEncodedBuckets(blob, scratch)
    return scratch
  }
  return {
    histogram,
    percentiles(latencies, percents) {
      const { values, maxNs } = latencies
      if (values !== null) return exactPercentiles(values.runs(), percents)
      const counts = histogram(latencies)
      return percents.map((percent) => percentileOf(counts, percent, maxNs ?? Infinity))
    },
  }
}

/** Percentiles of all values of some runs together, nearest rank, each `null` without a value. */
export function exactPercentiles(runs: readonly ValueRun[], percents: readonly number[]): (number | null)[] {
  const total = countValues(runs)
  return selectRanks(
    runs,
    percents.map((percent) => nearestRank(percent, total)),
  )
}
