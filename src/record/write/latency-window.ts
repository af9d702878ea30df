import { bucketOf } from '../../sums/latency-histogram.js'
import { hasLatency, type AttemptBatch, type RowShape } from './attempt-batch.js'
import { connectFlag } from '../event/wire.gen.js'
import { createLatencySums, type LatencyRow } from '../../sums/latency-sums.js'
import { createPairSet } from '../../sums/pair-set.js'

/** Number of distinct pairs at which a window is closed early: 12 MB for endpoints. */
const MAX_PAIRS = 1 << 19
/** Latencies buffered before sorting: 2 MiB for each kind of sums. */
const LOG_LENGTH = 1 << 18
const NS_PER_SECOND = 1e9

/** Bits of connect_attempt.flags counted per window, in the order of its columns. */
const FLAG_BITS = Object.values(connectFlag)

/** The contents of a window. */
export interface WindowRows {
  readonly endpoints: LatencyRow[]
  readonly processes: LatencyRow[]
  /** Entry numbers of the endpoints of each process entry. */
  readonly endpointsOfProcess: Map<number, number[]>
  readonly seconds: LatencyRow[]
  /** By entry of `seconds`: Unix time in whole seconds, with the clock offset at the start of the session. */
  readonly unixSeconds: readonly number[]
}

/**
 * The current window of pre-aggregated latencies: by endpoint, by process, and by the second of the start. Endpoints
 * and processes are entry numbers of their interner.
 */
export interface LatencyWindow {
  readonly attempts: number
  readonly minStartedNs: number
  readonly maxStartedNs: number
  /** Attempts with each flag: mapped, fast open, MPTCP, kernel thread, no SYN, simultaneous open, inexact. */
  readonly flagCounts: readonly number[]
  /** Whether the window is full and must be written. */
  isFull(): boolean
  /** Adds one attempt of a batch. */
  add(batch: AttemptBatch, row: number): void
  /** Returns the rows of the window and empties it. */
  take(): WindowRows
}

/**
 * An empty window.
 * @param startUnixNs wall-clock time at recording time 0
 */
export function createLatencyWindow(startUnixNs: bigint): LatencyWindow {
  const endpoints = createLatencySums(LOG_LENGTH)
  const processes = createLatencySums(LOG_LENGTH)
  const seconds = createLatencySums(LOG_LENGTH)
  const endpointsOfProcess = createPairSet()
  const secondEntries = createSecondEntries(startUnixNs)
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

/** Entry numbers of Unix seconds, in order of appearance. */
function createSecondEntries(sessionUnixNs: bigint) {
  const base = Number(sessionUnixNs / 1_000_000_000n)
  const fractionNs = Number(sessionUnixNs % 1_000_000_000n)
  let numbers: number[] = []
  const entries = new Map<number, number>()
  // Attempts arrive roughly in order of time.
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
