import {
  BUCKET_COUNT,
  addEncodedBuckets,
  bucketOf,
  forEachBucket,
  nearestRank,
  percentileOf,
} from '../../store/latency-histogram.js'
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
  /** Whether a percentile may be above a limit: `false` only when it is not. Takes a fraction of the time of `percentiles`. */
  mayExceed(latencies: Latencies, percent: number, limitNs: number): boolean
  /** How many there are. */
  count(latencies: Latencies): number
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
        // Others are left out of percentiles, too.
        if (bucket >= BUCKET_COUNT) return
        total += count
        if (bucket >= limit) atLimit += count
      }
      for (const blob of buckets) forEachBucket(blob, add)
      return atLimit > total - nearestRank(percent, total)
    },
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
