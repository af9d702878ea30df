import { BUCKET_COUNT, addEncodedBuckets, nearestRank, percentileOf } from '../../store/latency-histogram.js'

/** Latencies of a group: stored histograms, or every value. */
export interface Latencies {
  readonly buckets: readonly Uint8Array[]
  /** Ascending, in ns; `null` when they were not kept. */
  readonly values: Float64Array | null
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
      if (values !== null) return percents.map((percent) => exactPercentile(values, percent))
      const counts = histogram(latencies)
      return percents.map((percent) => percentileOf(counts, percent, maxNs ?? Infinity))
    },
  }
}

function exactPercentile(ascending: Float64Array, percent: number): number | null {
  return ascending.length === 0 ? null : (ascending[nearestRank(percent, ascending.length) - 1] as number)
}
