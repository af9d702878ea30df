import type { Database } from 'better-sqlite3'
import { sql } from 'kysely'
import type { LossCounts } from '../../attempt/loss-text.js'
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

/** Columns of `batch` with lost attempts */
export const LOSS_COLUMNS = [
  'lost_ring_full_count',
  'lost_map_full_count',
  'lost_writer_behind_count',
  'lost_missed_count',
  'lost_skipped_count',
] as const

const sumBatches = createQuery((sessionIds: string) =>
  queries
    .selectFrom('batch')
    .select(({ fn }) => [
      fn.sum('attempt_count').as('attempts'),
      fn.min('min_started_ns').as('firstStartedNs'),
      fn.max('max_started_ns').as('lastStartedNs'),
      fn.max('written_ns').as('lastWrittenNs'),
      fn.sum('lost_ring_full_count').as('ringFull'),
      fn.sum('lost_map_full_count').as('mapFull'),
      fn.sum('lost_writer_behind_count').as('writerBehind'),
      fn.sum('lost_missed_count').as('missed'),
      fn.sum('lost_skipped_count').as('skipped'),
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
    ringFull: number(row?.ringFull),
    mapFull: number(row?.mapFull),
    writerBehind: number(row?.writerBehind),
    missed: number(row?.missed),
    skipped: number(row?.skipped),
  }
}
