import { join } from 'node:path'
import Database from 'better-sqlite3'
import { migrate } from '../../src/store/migrate.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

type SqlValue = string | number | bigint | null | Uint8Array

/** A trace of the running test that is filled by hand, in rollback-journal mode like a closed one. */
export interface HandMadeTrace {
  readonly file: string
  readonly db: Database.Database
  /** Inserts a row and returns its rowid; columns that are not named are NULL or their default. */
  insert(table: string, row: Readonly<Record<string, SqlValue>>): number
}

export function makeTrace(): HandMadeTrace {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  const db = new Database(file)
  db.pragma('synchronous = OFF')
  migrate(db)
  const insert = (table: string, row: Readonly<Record<string, SqlValue>>) => {
    const columns = Object.keys(row)
    const statement = db.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    )
    return Number(statement.run(...Object.values(row)).lastInsertRowid)
  }
  return { file, db, insert }
}

/** Adds a session with a wall clock that was never set; `changes` override its columns. */
export function insertSession(trace: HandMadeTrace, changes: Readonly<Record<string, SqlValue>> = {}): number {
  const started = 1_700_000_000_123_456_789n
  const sessionId = trace.insert('session', {
    host: 'host',
    boot_id: 'boot',
    kernel: '6.1.0',
    machine: 'x86_64',
    tool_version: '1.0.0',
    command_line: 'tcpconn record',
    filters: '{}',
    recorder_pid: 1,
    recorder_start_ticks: 1,
    ring_bytes: 4096,
    started_unix_ns: started,
    ...changes,
  })
  trace.insert('clock_offset', { session_id: sessionId, since_ns: 0, unix_offset_ns: started })
  return sessionId
}
