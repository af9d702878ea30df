import type { NameMatch } from '../dns/name-cache.js'
import { connectFlag, connectOutcome } from '../event/wire.gen.js'

/**
 * The last columns of connect_attempt, which rarely differ: outcome, errno, SYN retransmits, flags. Rows of one shape
 * are inserted by one statement with these values as literals (bound values cost more than rows).
 */
export interface RowShape {
  readonly outcome: number
  readonly errno: number
  readonly synRetransmits: number
  readonly flags: number
}

/** Whether the latency of an attempt is known: it has ended, and neither its begin nor its end was missed. */
export function hasLatency(outcome: number, flags: number): boolean {
  return outcome !== connectOutcome.pending && (flags & connectFlag.inexact) === 0
}

/** Attempts of one write, as columns. Processes and endpoints are entry numbers of their dictionaries. */
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
  /** DNS names of rows in the batch */
  readonly names: RowName[]
  /** Other addresses of rows in the batch */
  readonly addresses: RowAddresses[]
  minStartedNs: number
  maxStartedNs: number
}

/** A row of a batch and its DNS name. */
export interface RowName {
  readonly row: number
  readonly match: NameMatch
}

/** A row of a batch and entry numbers of its other addresses; `null`: none. */
export interface RowAddresses {
  readonly row: number
  readonly natEntry: number | null
  readonly serviceEntry: number | null
}

/** An empty batch for up to `capacity` rows, at most 65,536, the limit of shapes. */
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
    addresses: [],
    minStartedNs: Infinity,
    maxStartedNs: -Infinity,
  }
}

/**
 * Attempt ids by row.
 * @param groups rows of the batch in the order of their ids, which begin at `firstId`
 */
export function idsOfRows({ count }: AttemptBatch, groups: readonly Uint32Array[], firstId: number): Float64Array {
  const ids = new Float64Array(count)
  let id = firstId
  for (const rows of groups) for (const row of rows) ids[row] = id++
  return ids
}

/** Empties a batch for the next write. */
export function clearBatch(batch: AttemptBatch): void {
  batch.count = 0
  batch.shapes.length = 0
  batch.shapeOfKey.clear()
  batch.names.length = 0
  batch.addresses.length = 0
  batch.minStartedNs = Infinity
  batch.maxStartedNs = -Infinity
}
