import type { NameMatch } from '../dns/name-cache.js'
import { connectFlag, connectOutcome } from '../probe/wire.gen.js'

/**
 * What ends every row of connect_attempt and is almost always the same: outcome, errno, SYN retransmits, flags.
 * Rows of one shape are written by one statement that holds these as literals (bound values cost more than rows).
 */
export interface RowShape {
  readonly outcome: number
  readonly errno: number
  readonly synRetransmits: number
  readonly flags: number
}

/** Whether the latency of an attempt is known: it has ended, and its begin and its end were seen. */
export function hasLatency(outcome: number, flags: number): boolean {
  return outcome !== connectOutcome.pending && (flags & connectFlag.inexact) === 0
}

/** Attempts of one write, as columns. Processes and endpoints go by the entry numbers of their dictionaries. */
export interface AttemptBatch {
  count: number
  readonly capacity: number
  readonly shapes: RowShape[]
  readonly shapeOfKey: Map<number, number>
  readonly shape: Uint16Array
  /** ns since the session began */
  readonly startedNs: Float64Array
  readonly latencyNs: Float64Array
  readonly processEntry: Uint32Array
  readonly tidDelta: Int32Array
  readonly endpointEntry: Uint32Array
  /** local_address_id << 16 | port */
  readonly localEndpoint: Float64Array
  /** Names that rows of the batch were made by */
  readonly names: RowName[]
  minStartedNs: number
  maxStartedNs: number
}

/** A row of a batch, and the name that it was made by. */
export interface RowName {
  readonly row: number
  readonly match: NameMatch
}

/** An empty batch for up to `capacity` rows, at most 65,536: so many shapes fit. */
export function createBatch(capacity: number): AttemptBatch {
  return {
    count: 0,
    capacity,
    shapes: [],
    shapeOfKey: new Map(),
    shape: new Uint16Array(capacity),
    startedNs: new Float64Array(capacity),
    latencyNs: new Float64Array(capacity),
    processEntry: new Uint32Array(capacity),
    tidDelta: new Int32Array(capacity),
    endpointEntry: new Uint32Array(capacity),
    localEndpoint: new Float64Array(capacity),
    names: [],
    minStartedNs: Infinity,
    maxStartedNs: -Infinity,
  }
}

/** Empties a batch for the next write. */
export function clearBatch(batch: AttemptBatch): void {
  batch.count = 0
  batch.shapes.length = 0
  batch.shapeOfKey.clear()
  batch.names.length = 0
  batch.minStartedNs = Infinity
  batch.maxStartedNs = -Infinity
}
