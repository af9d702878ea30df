/** Buckets of a histogram, as in the SDKs of OpenTelemetry. */
const MAX_BUCKETS = 160
/** Bounds of a bucket differ by a factor of 2^(1/64): 1.1%. */
const MAX_SCALE = 6
const LOG2_OF_NS = Math.log2(1e-9)

/**
 * Exponential histogram of OpenTelemetry, of seconds. Bucket i holds values above base^i up to base^(i + 1), where base
 * is 2^(2^-scale). The scale drops when the values span too many buckets.
 */
export interface ExponentialHistogram {
  readonly scale: number
  readonly zeroCount: number
  /** Index of the first count */
  readonly offset: number
  /** Counts up to the last bucket with a value */
  counts(): Float64Array
  /** @param durationNs at least 0 */
  add(durationNs: number): void
}

export function createExponentialHistogram(): ExponentialHistogram {
  const buckets = new Float64Array(MAX_BUCKETS)
  let scale = MAX_SCALE
  let zeroCount = 0
  /** Indexes of the first and the last bucket with a value; none if last < first */
  let [first, last] = [0, -1]

  const halve = () => {
    const counts = buckets.slice(0, last - first + 1)
    buckets.fill(0, 0, counts.length)
    const halvedFirst = first >> 1
    counts.forEach((count, i) => (buckets[((first + i) >> 1) - halvedFirst]! += count))
    first = halvedFirst
    last >>= 1
    scale--
  }
  const hasRoom = (index: number) => last < first || Math.max(last, index) - Math.min(first, index) < MAX_BUCKETS
  const makeRoom = (index: number) => {
    if (last < first) [first, last] = [index, index]
    if (index < first) {
      buckets.copyWithin(first - index, 0, last - first + 1)
      buckets.fill(0, 0, first - index)
      first = index
    }
    if (index > last) last = index
  }
  return {
    get scale() {
      return scale
    },
    get zeroCount() {
      return zeroCount
    },
    get offset() {
      return first
    },
    counts: () => buckets.subarray(0, last - first + 1),
    add(durationNs) {
      if (durationNs <= 0) return void zeroCount++
      const log2 = Math.log2(durationNs) + LOG2_OF_NS
      while (!hasRoom(indexOf(log2, scale))) halve()
      const index = indexOf(log2, scale)
      makeRoom(index)
      buckets[index - first]!++
    },
  }
}

function indexOf(log2: number, scale: number): number {
  return Math.ceil(log2 * 2 ** scale) - 1
}
