import { OUTCOMES } from '../../attempt/outcome.js'
import { bucketOf } from '../../sums/latency-histogram.js'
import type { TopAttempt } from './top-attempt.js'
import type { PartyIds } from './window-entities.js'

/** Attempts as columns: a ring whose size is a power of two. Positions count up; `position & mask` is the index. */
export interface RingColumns {
  readonly mask: number
  /** Ids of `Entities` */
  readonly process: Uint16Array
  readonly endpoint: Uint16Array
  readonly name: Uint16Array
  readonly outcome: Uint8Array
  readonly errno: Uint16Array
  readonly synRetransmits: Uint8Array
  /** NaN: not known */
  readonly latencyNs: Float64Array
  /** Histogram bucket of the latency of an established attempt; `NO_BUCKET` for others */
  readonly bucket: Uint16Array
  readonly unixNs: Float64Array
}

/** The attempts from a first position, which the caller keeps, up to `end`. */
export interface AttemptRing {
  readonly columns: RingColumns
  /** Position of the next attempt */
  readonly end: number
  /** Whether another attempt fits if the first one is at `first`; grows up to the limit. */
  makeRoom(first: number): boolean
  /** Call only if there is room. */
  push(attempt: TopAttempt, ids: PartyIds): void
}

/** More than any bucket. */
export const NO_BUCKET = 65_535

const FIRST_CAPACITY = 1 << 14
const ESTABLISHED = OUTCOMES.indexOf('established')

/** @param limit of attempts, a power of two; an attempt takes 28 bytes */
export function createAttemptRing(limit: number): AttemptRing {
  let columns = createColumns(Math.min(FIRST_CAPACITY, limit))
  let end = 0
  return {
    get columns() {
      return columns
    },
    get end() {
      return end
    },
    makeRoom(first) {
      const capacity = columns.mask + 1
      if (end - first < capacity) return true
      if (capacity >= limit) return false
      columns = copyColumns(columns, { first, end, capacity: capacity * 2 })
      return true
    },
    push(attempt, ids) {
      const at = end++ & columns.mask
      columns.process[at] = ids.process
      columns.endpoint[at] = ids.endpoint
      columns.name[at] = ids.name
      columns.outcome[at] = attempt.outcome
      columns.errno[at] = attempt.errno
      columns.synRetransmits[at] = attempt.synRetransmits
      columns.latencyNs[at] = attempt.latencyNs ?? NaN
      columns.bucket[at] = bucketOfAttempt(attempt)
      columns.unixNs[at] = attempt.unixNs
    },
  }
}

function bucketOfAttempt({ outcome, latencyNs }: TopAttempt): number {
  return outcome === ESTABLISHED && latencyNs !== null && latencyNs >= 0 ? bucketOf(latencyNs) : NO_BUCKET
}

function createColumns(capacity: number): RingColumns {
  return {
    mask: capacity - 1,
    process: new Uint16Array(capacity),
    endpoint: new Uint16Array(capacity),
    name: new Uint16Array(capacity),
    outcome: new Uint8Array(capacity),
    errno: new Uint16Array(capacity),
    synRetransmits: new Uint8Array(capacity),
    latencyNs: new Float64Array(capacity),
    bucket: new Uint16Array(capacity),
    unixNs: new Float64Array(capacity),
  }
}

/** Other columns with the attempts from `first` up to `end` at the same positions. @param capacity a power of two */
export function copyColumns(
  from: RingColumns,
  { first, end, capacity }: { readonly first: number; readonly end: number; readonly capacity: number },
): RingColumns {
  const to = createColumns(capacity)
  for (let position = first; position < end; position++) {
    const [source, target] = [position & from.mask, position & to.mask]
    to.process[target] = from.process[source] as number
    to.endpoint[target] = from.endpoint[source] as number
    to.name[target] = from.name[source] as number
    to.outcome[target] = from.outcome[source] as number
    to.errno[target] = from.errno[source] as number
    to.synRetransmits[target] = from.synRetransmits[source] as number
    to.latencyNs[target] = from.latencyNs[source] as number
    to.bucket[target] = from.bucket[source] as number
    to.unixNs[target] = from.unixNs[source] as number
  }
  return to
}
