import type { Database } from 'better-sqlite3'
import { sql } from 'kysely'
import { BOUNDED_LIMITS } from '../scan/host-limits.js'
import { queries, selectAll } from '../scan/query-builder.js'
import { boundedText } from '../scan/row-reader.js'

/** Limit of a command line. */
const MAX_TEXT_BYTES = 1 << 21
const TEXTS = ['host', 'boot_id', 'kernel', 'machine', 'tool_version', 'command_line', 'filters'] as const
const NUMBERS = [
  'session_id',
  'recorder_pid',
  'recorder_start_ticks',
  'duration_ns',
  'kernel_attempts_min',
  'kernel_attempts_max',
  'comparable_attempts',
  'uncomparable_attempts',
  'skipped_run_count',
  'uncovered_run_count',
  'lost_process_count',
  'has_nat',
] as const

/** The sessions of a trace, oldest first. Times in Unix ms: a double cannot hold Unix ns. */
export function readSessions(db: Database) {
  return selectAll(
    db,
    queries
      .selectFrom('session')
      .select(NUMBERS)
      .select(TEXTS.map((name) => sql<string>`${sql.raw(boundedText(name, MAX_TEXT_BYTES))}`.as(name)))
      .select(sql<string | null>`${sql.raw(boundedText('end_reason'))}`.as('end_reason'))
      .select(sql<string | null>`${sql.raw(BOUNDED_LIMITS)}`.as('limits'))
      .select(sql<string | null>`${sql.raw(boundedText('sharing'))}`.as('sharing'))
      .select(sql<number>`started_unix_ns / 1000000.0`.as('started_unix_ms'))
      .select(
        sql<number>`(SELECT count(*) - 1 FROM clock_offset WHERE clock_offset.session_id = session.session_id)`.as(
          'clock_steps',
        ),
      )
      .orderBy('session_id'),
  )
}

export type SessionRow = ReturnType<typeof readSessions>[number]
