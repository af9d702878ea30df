import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { PACKAGE_ROOT } from '../../src/base/package.js'
import { APPLICATION_ID, migrate } from '../../src/store/migrate.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

type SqlValue = string | number | bigint | null | Uint8Array

/** A trace of the running test that is filled by SQL, in rollback-journal mode like a closed trace. */
export interface HandMadeTrace {
  readonly file: string
  readonly db: Database.Database
  /** Inserts a row and returns its rowid. Missing columns are NULL or have their default. */
  insert(table: string, row: Readonly<Record<string, SqlValue>>): number
}

export function makeTrace(prepare: (db: Database.Database) => void = migrate): HandMadeTrace {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  const db = new Database(file)
  db.pragma('synchronous = OFF')
  prepare(db)
  const insert = (table: string, row: Readonly<Record<string, SqlValue>>) => {
    const columns = Object.keys(row)
    const statement = db.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    )
    return Number(statement.run(...Object.values(row)).lastInsertRowid)
  }
  return { file, db, insert }
}

/** A trace of version 1, which has no sums by process and second. */
export function makeVersion1Trace(): HandMadeTrace {
  return makeTrace((db) => {
    db.exec(readFileSync(join(PACKAGE_ROOT, 'migrations/0001-trace.sql'), 'utf8'))
    db.pragma('user_version = 1')
    db.pragma(`application_id = ${APPLICATION_ID}`)
  })
}

/** Adds a window that contains one established attempt, with a row for its endpoint. Returns its id. */
export function insertWindow(trace: HandMadeTrace, sessionId: number): number {
  const endpointId = trace.insert('endpoint', {
    family: 4,
    address: Buffer.from('00000000000000000000ffff7f000001', 'hex'),
    remote_address: '127.0.0.1',
    remote_port: 443,
  })
  const flags = { ipv4_mapped: 0, fast_open: 0, mptcp: 0, kernel_thread: 0, no_syn: 0, simultaneous_open: 0 }
  const windowId = trace.insert('latency_window', {
    session_id: sessionId,
    first_attempt_id: 1,
    last_attempt_id: 1,
    min_started_ns: 5,
    max_started_ns: 5,
    ...flags,
  })
  const failed = { refused: 0, timed_out: 0, unreachable: 0, reset: 0, cancelled: 0, local_error: 0, pending: 0 }
  trace.insert('endpoint_latency', {
    window_id: windowId,
    endpoint_id: endpointId,
    established: 1,
    ...failed,
    syn_retransmits: 0,
    max_latency_ns: 100,
    buckets: Uint8Array.of(100, 1),
  })
  return windowId
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
