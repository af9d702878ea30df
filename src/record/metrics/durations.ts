import { CLASSIC_BOUNDS_NS, classicBucketOf } from './classic-buckets.js'
import { createExponentialHistogram, type ExponentialHistogram } from './exponential-histogram.js'

/** Which histograms are kept: only those that somebody gets. */
export interface HistogramKinds {
  readonly classic: boolean
  readonly exponential: boolean
}

/** Durations of a series since its start. */
export interface Durations {
  readonly count: number
  readonly sumNs: number
  readonly minNs: number
  readonly maxNs: number
  /** Durations per classic bucket, the last one without a bound; `null`: not kept */
  readonly classic: Float64Array | null
  /** `null`: not kept */
  readonly exponential: ExponentialHistogram | null
  /** @param durationNs whole ns, at least 0 */
  add(durationNs: number): void
}

export function createDurations(kinds: HistogramKinds): Durations {
  const classic = kinds.classic ? new Float64Array(CLASSIC_BOUNDS_NS.length + 1) : null
  const exponential = kinds.exponential ? createExponentialHistogram() : null
  let [count, sumNs, minNs, maxNs] = [0, 0, Infinity, 0]
  return {
    get count() {
      return count
    },
    get sumNs() {
      return sumNs
    },
    get minNs() {
      return minNs
    },
    get maxNs() {
      return maxNs
    },
    classic,
    exponential,
    add(durationNs) {
      count++
      sumNs += durationNs
      if (durationNs < minNs) minNs = durationNs
      if (durationNs > maxNs) maxNs = durationNs
      if (classic !== null) classic[classicBucketOf(durationNs)]!++
      exponential?.add(durationNs)
    },
  }
}
