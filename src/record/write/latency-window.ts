import { bucketOf, encodeBuckets } from '../../store/latency-histogram.js'
import { OUTCOMES } from '../../store/outcome.js'
import { connectFlag } from '../probe/wire.gen.js'
import { createPairCounter } from './pair-counter.js'

const OUTCOME_COUNT = OUTCOMES.length
const COLUMNS = OUTCOME_COUNT + 1
const RETRANSMITS = OUTCOME_COUNT
/** Distinct (endpoint, bucket) pairs at which a window is closed early: 12 MB. */
const MAX_PAIRS = 1 << 19

/** Bits of connect_attempt.flags that are counted per window, in the order of its columns. */
const FLAG_BITS = Object.values(connectFlag)

/** Sums of one endpoint in one window: a row of endpoint_latency. */
export interface EndpointLatency {
  readonly entry: number
  /** Attempts per outcome, in the order of `OUTCOMES`, then SYN retransmits. */
  readonly counts: readonly number[]
  readonly maxLatencyNs: number | null
  readonly buckets: Uint8Array | null
}

/**
 * The running window of pre-aggregated latencies. Endpoints go by their interner's entry number.
 * One addition is a hash probe: about 20 ns.
 */
export interface LatencyWindow {
  readonly attempts: number
  readonly minStartedNs: number
  readonly maxStartedNs: number
  /** Attempts with each flag: mapped, fast open, MPTCP, kernel thread, no SYN. */
  readonly flagCounts: readonly number[]
  /** Whether the window has used up its memory and is to be written now. */
  isFull(): boolean
  add(entry: number, outcome: number, latencyNs: number, synRetransmits: number, startedNs: number): void
  addFlags(flags: number): void
  /** The rows of the window, by endpoint; it is empty afterwards. */
  take(): EndpointLatency[]
}

/** An empty window. */
export function createLatencyWindow(): LatencyWindow {
  let sums = new Float64Array(256 * COLUMNS)
  let maxima = new Float64Array(256)
  let entryCount = 0
  let attempts = 0
  let minStartedNs = Infinity
  let maxStartedNs = -Infinity
  const flagCounts = FLAG_BITS.map(() => 0)
  const pairs = createPairCounter()

  const grow = (entry: number) => {
    let capacity = maxima.length
    while (capacity <= entry) capacity *= 2
    sums = resized(sums, capacity * COLUMNS)
    maxima = resized(maxima, capacity)
  }
  return {
    get attempts() {
      return attempts
    },
    get minStartedNs() {
      return minStartedNs
    },
    get maxStartedNs() {
      return maxStartedNs
    },
    flagCounts,
    addFlags: (flags) => FLAG_BITS.forEach((bit, i) => (flagCounts[i]! += flags & bit ? 1 : 0)),
    isFull: () => pairs.size >= MAX_PAIRS,
    add(entry, outcome, latencyNs, synRetransmits, startedNs) {
      if (entry >= maxima.length) grow(entry)
      if (entry >= entryCount) entryCount = entry + 1
      if (startedNs < minStartedNs) minStartedNs = startedNs
      if (startedNs > maxStartedNs) maxStartedNs = startedNs
      attempts++
      sums[entry * COLUMNS + outcome]!++
      if (synRetransmits > 0) sums[entry * COLUMNS + RETRANSMITS]! += synRetransmits
      if (outcome !== 0) return
      if (latencyNs > maxima[entry]!) maxima[entry] = latencyNs
      pairs.add(entry, bucketOf(latencyNs))
    },
    take() {
      const rows = collect(entryCount, sums, maxima, pairs.take())
      sums.fill(0)
      flagCounts.fill(0)
      maxima.fill(0)
      entryCount = 0
      attempts = 0
      minStartedNs = Infinity
      maxStartedNs = -Infinity
      return rows
    },
  }
}

function collect(entries: number, sums: Float64Array, maxima: Float64Array, bucketsOf: Map<number, number[]>) {
  const rows: EndpointLatency[] = []
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
