import type { Database } from 'better-sqlite3'
import { createQuery, iterateRows, queries } from './query-builder.js'

/** An attempt after the last window. */
export interface TailAttempt {
  readonly endpointId: number
  readonly outcome: number
  readonly latencyNs: number | null
  /** `null`: pending */
  readonly synRetransmits: number | null
  readonly flags: number
}

/**
 * Attempts of a session after its last window: at most one minute of a running or killed recording, none of a closed one.
 */
export function* iterateTail(db: Database, sessionId: number): Generator<TailAttempt> {
  const range = tailRange(db, sessionId)
  if (range === null) return
  const query = queries
    .selectFrom('connect_attempt')
    .select(['endpoint_id', 'outcome', 'latency_ns', 'syn_retransmits', 'flags'])
    .where('attempt_id', '>=', range.first)
    .where('attempt_id', '<=', range.last)
  for (const row of iterateRows(db, query)) {
    const [endpointId, outcome, latencyNs, synRetransmits, flags] = row as [
      number,
      number,
      number | null,
      number | null,
      number,
    ]
    yield { endpointId, outcome, latencyNs, synRetransmits, flags }
  }
}

const readWritten = createQuery((sessionId: number) =>
  queries
    .selectFrom('batch')
    .select(({ fn }) => fn.min('first_attempt_id').as('first'))
    .select(({ fn, eb }) => fn.max(eb('first_attempt_id', '+', eb.ref('attempt_count'))).as('end'))
    .where('session_id', '=', sessionId),
)

const readSummed = createQuery((sessionId: number) =>
  queries
    .selectFrom('latency_window')
    .select(({ fn }) => fn.max('last_attempt_id').as('last'))
    .where('session_id', '=', sessionId),
)

/** A trace is recorded by one process at a time, so the ids of a session are consecutive. */
function tailRange(db: Database, sessionId: number): { first: number; last: number } | null {
  const [written] = readWritten(db, sessionId)
  const [summed] = readSummed(db, sessionId)
  if (!written || written.first === null || written.end === null) return null
  const first = summed?.last == null ? Number(written.first) : Number(summed.last) + 1
  const last = Number(written.end) - 1
  return first <= last ? { first, last } : null
}
