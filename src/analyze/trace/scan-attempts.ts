import { sql, type RawBuilder } from 'kysely'
import { attemptConditions, endpointConditions, processConditions } from './attempt-filters.js'
import type { ClockSegment } from './clock-segments.js'
import type { IdRange } from './cover.js'
import { queries } from './query-builder.js'
import type { Scope, SessionPart } from './scope.js'

/** Name of the aggregate that rows are passed to. */
const AGGREGATE = 'scan_attempt'

export interface Scan {
  /** What is passed of each attempt, in SQL over connect_attempt: numbers or NULL. */
  readonly columns: readonly RawBuilder<unknown>[]
  /** Takes the columns of one attempt. The first parameter is of no use: SQLite's aggregates have a state. */
  readonly step: (state: unknown, ...values: never[]) => void
}

/**
 * Passes every attempt of a part that its filters leave to `scan.step`, in the order of ids. An aggregate function is the
 * fastest way out of SQLite for numbers: no row and no array is made for any of them.
 */
export function scanAttempts(scope: Scope, part: SessionPart, ranges: readonly IdRange[], scan: Scan): void {
  const { db } = part.trace
  db.aggregate(AGGREGATE, { start: null, step: scan.step as (state: unknown, ...values: unknown[]) => void })
  for (const segment of part.segments) {
    for (const range of ranges) {
      const query = queries
        .selectFrom('connect_attempt')
        .select(sql`${sql.raw(AGGREGATE)}(${sql.join(scan.columns)})`.as('scanned'))
        .where('attempt_id', '>=', range.first)
        .where('attempt_id', '<=', range.last)
        .where(sql<boolean>`${sql.join([sql`1`, ...conditionsOf(scope, segment)], sql` AND `)}`)
      const { sql: text, parameters } = query.compile()
      db.prepare(text).get(...parameters)
    }
  }
}

function conditionsOf({ filters }: Scope, { fromNs, toNs }: ClockSegment): RawBuilder<unknown>[] {
  const processes = processConditions(filters)
  const endpoints = endpointConditions(filters)
  const and = sql` AND `
  return [
    ...(fromNs > -Infinity ? [sql`started_ns >= ${fromNs}`] : []),
    ...(toNs < Infinity ? [sql`started_ns < ${toNs}`] : []),
    ...attemptConditions(filters),
    // Materialized once a statement; an attempt costs a look-up in it.
    ...(processes.length > 0
      ? [
          sql`process_id IN (SELECT process_id FROM process LEFT JOIN cgroup USING (cgroup_id)
            WHERE ${sql.join(processes, and)})`,
        ]
      : []),
    ...(endpoints.length > 0
      ? [sql`endpoint_id IN (SELECT endpoint_id FROM endpoint WHERE ${sql.join(endpoints, and)})`]
      : []),
  ]
}
