import { bucketOf } from '../../store/latency-histogram.js'
import { hasLatency, type AttemptBatch, type RowShape } from '../decode/attempt-batch.js'
import { connectFlag } from '../probe/wire.gen.js'
import { createLatencySums, type LatencyRow } from '../../store/latency-sums.js'
import { createPairSet } from '../../store/pair-set.js'

/** Distinct pairs at which a window is closed early: 12 MB for those of endpoints. */
const MAX_PAIRS = 1 << 19
/** Latencies that are kept until they are sorted: 2 MiB for each kind of sums. */
const LOG_LENGTH = 1 << 18
const NS_PER_SECOND = 1e9

/** Bits of connect_attempt.flags that are counted per window, in the order of its columns. */
const FLAG_BITS = Object.values(connectFlag)

/** All that a window held. */
export interface WindowRows {
  readonly endpoints: LatencyRow[]
  readonly processes: LatencyRow[]
  /** Entry numbers of the endpoints that a process entry connected to. */
  readonly endpointsOfProcess: Map<number, number[]>
  readonly seconds: LatencyRow[]
  /** By the entry of `seconds`: Unix time in whole seconds, by the clock as it was when the session began. */
  readonly unixSeconds: readonly number[]
}

/**
 * The running window of pre-aggregated latencies: by endpoint, by process and by the second in which attempts began.
 * Endpoints and processes go by their interner's entry number.
 */
export interface LatencyWindow {
  readonly attempts: number
  readonly minStartedNs: number
  readonly maxStartedNs: number
  /** Attempts with each flag: mapped, fast open, MPTCP, kernel thread, no SYN, simultaneous open, inexact. */
  readonly flagCounts: readonly number[]
  /** Whether the window has used up its memory and is to be written now. */
  isFull(): boolean
  /** Takes up one attempt of a batch. */
  add(batch: AttemptBatch, row: number): void
  /** The rows of the window; it is empty afterwards. */
  take(): WindowRows
}

/**
 * An empty window.
 * @param sessionUnixNs wall-clock time at which the session began
 */
export function createLatencyWindow(sessionUnixNs: bigint): LatencyWindow {
  const endpoints = createLatencySums(LOG_LENGTH)
  const processes = createLatencySums(LOG_LENGTH)
  const seconds = createLatencySums(LOG_LENGTH)
  const endpointsOfProcess = createPairSet()
  const secondEntries = createSecondEntries(sessionUnixNs)
  const flagCounts = FLAG_BITS.map(() => 0)
  let attempts = 0
  let minStartedNs = Infinity
  let maxStartedNs = -Infinity

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
    isFull: () =>
      [endpoints.pairCount, processes.pairCount, seconds.pairCount, endpointsOfProcess.size].some(
        (pairs) => pairs >= MAX_PAIRS,
      ),
    add(batch, row) {
      const { outcome, synRetransmits, flags } = batch.shapes[batch.shape[row] as number] as RowShape
      const startedNs = batch.startedNs[row] as number
      const latencyNs = batch.latencyNs[row] as number
      const endpoint = batch.endpointEntry[row] as number
      const process = batch.processEntry[row] as number
      const bucket = outcome === 0 && hasLatency(outcome, flags) ? bucketOf(latencyNs) : -1
      attempts++
      if (startedNs < minStartedNs) minStartedNs = startedNs
      if (startedNs > maxStartedNs) maxStartedNs = startedNs
      if (flags !== 0) for (let i = 0; i < FLAG_BITS.length; i++) if (flags & FLAG_BITS[i]!) flagCounts[i]!++
      endpoints.add(endpoint, outcome, synRetransmits, latencyNs, bucket)
      processes.add(process, outcome, synRetransmits, latencyNs, bucket)
      seconds.add(secondEntries.entryOf(startedNs), outcome, synRetransmits, latencyNs, bucket)
      endpointsOfProcess.add(process, endpoint)
    },
    take() {
      flagCounts.fill(0)
      attempts = 0
      minStartedNs = Infinity
      maxStartedNs = -Infinity
      return {
        endpoints: endpoints.take(),
        processes: processes.take(),
        endpointsOfProcess: endpointsOfProcess.take(),
        seconds: seconds.take(),
        unixSeconds: secondEntries.take(),
      }
    },
  }
}

/** Entry numbers for whole seconds of Unix time, in the order of first sight. */
function createSecondEntries(sessionUnixNs: bigint) {
  const base = Number(sessionUnixNs / 1_000_000_000n)
  const fractionNs = Number(sessionUnixNs % 1_000_000_000n)
  let numbers: number[] = []
  const entries = new Map<number, number>()
  // Attempts come in about the order of their time.
  let lastNumber = NaN
  let lastEntry = 0
  return {
    entryOf(startedNs: number): number {
      const number = base + Math.floor((startedNs + fractionNs) / NS_PER_SECOND)
      if (number === lastNumber) return lastEntry
      lastNumber = number
      lastEntry = entries.get(number) ?? numbers.push(number) - 1
      entries.set(number, lastEntry)
      return lastEntry
    },
    take(): number[] {
      const taken = numbers
      numbers = []
      entries.clear()
      lastNumber = NaN
      return taken
    },
  }
}
