import { readFileSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { sql } from 'kysely'
import { readStartTicks } from '../../store/process-start.js'
import { queries, selectAll } from '../trace/query-builder.js'

/** The sessions of a trace, oldest first. Times in Unix ms: ns of today do not fit a double. */
export function readSessions(db: Database) {
  return selectAll(
    db,
    queries
      .selectFrom('session')
      .selectAll()
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

/** Whether the process that records a session is still there: same boot, same pid, same start. */
export function isRunning(session: SessionRow): boolean {
  return (
    session.duration_ns === null &&
    session.boot_id === currentBootId() &&
    readStartTicks(session.recorder_pid) === session.recorder_start_ticks
  )
}

function currentBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
