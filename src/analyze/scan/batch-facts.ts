import type { Database } from 'better-sqlite3'
import { sql } from 'kysely'
import { LOSS_CAUSES, countLoss, type LossCounts } from '../../attempt/loss-causes.js'
import { createQuery, queries } from './query-builder.js'

/** Sums over the batches of a session. */
export interface BatchFacts extends LossCounts {
  readonly attempts: number
  /** ns since the session began, `null` without attempts */
  readonly firstStartedNs: number | null
  readonly lastStartedNs: number | null
  readonly lastWrittenNs: number
}

const selectDuration = createQuery((sessionId: number) =>
  queries.selectFrom('session').select('duration_ns').where('session_id', '=', sessionId),
)

/** Duration of a session in ns; without an end, up to its last write. */
export function readDurationNs(db: Database, sessionId: number): number {
  return selectDuration(db, sessionId)[0]?.duration_ns ?? readBatchFacts(db, [sessionId]).lastWrittenNs
}

/** The ids of a JSON array: SQLite limits the number of parameters, and a fleet has more sessions. */
export const idsOf = (json: string) => sql<number>`(SELECT value FROM json_each(${json}))`

const sumBatches = createQuery((sessionIds: string) =>
  queries
    .selectFrom('batch')
    .select(({ fn }) => [
      fn.sum('attempt_count').as('attempts'),
      fn.min('min_started_ns').as('firstStartedNs'),
      fn.max('max_started_ns').as('lastStartedNs'),
      fn.max('written_ns').as('lastWrittenNs'),
      ...LOSS_CAUSES.map(({ cause, column }) => fn.sum(column).as(cause)),
    ])
    .where('session_id', 'in', idsOf(sessionIds)),
)

/** Reads the sums of a session from its batches, not from its attempts. They include the loss of a session without an end. */
export function readBatchFacts(db: Database, sessionIds: readonly number[]): BatchFacts {
  const [row] = sumBatches(db, JSON.stringify(sessionIds))
  const number = (value: unknown) => Number(value ?? 0)
  return {
    attempts: number(row?.attempts),
    firstStartedNs: row?.firstStartedNs ?? null,
    lastStartedNs: row?.lastStartedNs ?? null,
    lastWrittenNs: number(row?.lastWrittenNs),
    ...countLoss((cause) => number(row?.[cause])),
  }
}
