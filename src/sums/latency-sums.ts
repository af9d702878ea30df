import { bucketOf, encodeBuckets } from './latency-histogram.js'
import { OUTCOMES } from '../attempt/outcome.js'
import { createPairCounter } from './pair-counter.js'

const OUTCOME_COUNT = OUTCOMES.length
const COLUMNS = OUTCOME_COUNT + 1
const RETRANSMITS = OUTCOME_COUNT

/** Sums of one entry: an endpoint, a process or a second. */
export interface LatencyRow {
  readonly entry: number
  /** Attempts per outcome, in the order of `OUTCOMES`, then SYN retransmits. */
  readonly counts: readonly number[]
  /** of established attempts, like the buckets */
  readonly maxLatencyNs: number | null
  readonly buckets: Uint8Array | null
}

/** Attempts as columns; the first `count` values of each are used. */
export interface SummedColumns {
  readonly count: number
  /** Entry numbers */
  readonly entries: Int32Array
  readonly outcomes: Float64Array
  /** NaN if unknown */
  readonly synRetransmits: Float64Array
  /** In ns; negative or NaN for an attempt without a latency */
  readonly latencies: Float64Array
}

/** Sums by entry number. An addition is buffered in about 10 ns and sorted later. */
export interface LatencySums {
  /** Distinct (entry, bucket) pairs, which determine the memory use. */
  readonly pairCount: number
  /** @param bucket of the latency, -1 for an attempt that was not established */
  add(entry: number, outcome: number, synRetransmits: number, latencyNs: number, bucket: number): void
  /** Adds many attempts. @param countsLatencies whether to count maxima and buckets */
  addAll(attempts: SummedColumns, countsLatencies: boolean): void
  /** Returns the rows by ascending entry and empties the sums. */
  take(): LatencyRow[]
}

/**
 * Empty sums.
 * @param logLength as for `createPairCounter`
 */
export function createLatencySums(logLength: number): LatencySums {
  let sums = new Float64Array(256 * COLUMNS)
  let maxima = new Float64Array(256)
  let entryCount = 0
  const pairs = createPairCounter(logLength)

  const grow = (entry: number) => {
    let capacity = maxima.length
    while (capacity <= entry) capacity *= 2
    sums = resized(sums, capacity * COLUMNS)
    maxima = resized(maxima, capacity)
  }
  return {
    get pairCount() {
      return pairs.size
    },
    add(entry, outcome, synRetransmits, latencyNs, bucket) {
      if (entry >= maxima.length) grow(entry)
      if (entry >= entryCount) entryCount = entry + 1
      sums[entry * COLUMNS + outcome]!++
      if (synRetransmits > 0) sums[entry * COLUMNS + RETRANSMITS]! += synRetransmits
      if (bucket < 0) return
      if (latencyNs > maxima[entry]!) maxima[entry] = latencyNs
      pairs.add(entry, bucket)
    },
    addAll({ count, entries, outcomes, synRetransmits, latencies }, countsLatencies) {
      let highest = entryCount - 1
      for (let i = 0; i < count; i++) if ((entries[i] as number) > highest) highest = entries[i] as number
      if (highest >= maxima.length) grow(highest)
      entryCount = highest + 1
      const [counts, highestOf] = [sums, maxima]
      for (let i = 0; i < count; i++) {
        const at = (entries[i] as number) * COLUMNS
        counts[at + ((outcomes[i] as number) & 7)]!++
        const retransmits = (synRetransmits[i] as number) | 0
        if (retransmits > 0) counts[at + RETRANSMITS]! += retransmits
      }
      if (!countsLatencies) return
      for (let i = 0; i < count; i++) {
        const latencyNs = latencies[i] as number
        if (!(latencyNs >= 0)) continue
        const entry = entries[i] as number
        if (latencyNs > (highestOf[entry] as number)) highestOf[entry] = latencyNs
        pairs.add(entry, bucketOf(latencyNs))
      }
    },
    take() {
      const rows = collect(entryCount, sums, maxima, pairs.take())
      sums.fill(0)
      maxima.fill(0)
      entryCount = 0
      return rows
    },
  }
}

function collect(entries: number, sums: Float64Array, maxima: Float64Array, bucketsOf: Map<number, number[]>) {
  const rows: LatencyRow[] = []
  for (let entry = 0; entry < entries; entry++) {
    const counts = Array.from(sums.subarray(entry * COLUMNS, (entry + 1) * COLUMNS))
    if (!counts.some((count) => count > 0)) continue
    const pairs = bucketsOf.get(entry)
    const maxLatencyNs = pairs ? (maxima[entry] as number) : null
    rows.push({ entry, counts, maxLatencyNs, buckets: pairs ? encodeBuckets(pairs) : null })
  }
  return rows
}

function resized(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length)
  larger.set(array)
  return larger
}
