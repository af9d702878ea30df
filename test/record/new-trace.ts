import { join } from 'node:path'
import Database from 'better-sqlite3'
import { insertSession } from '../../src/record/session/session-row.js'
import type { HostNames } from '../../src/record/write/late-names.js'
import { createTraceWriter, type TraceWriter } from '../../src/record/write/trace-writer.js'
import { migrate } from '../../src/store/migrate.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

/** Unix time at which the sessions of `openNewTrace` begin. */
export const STARTED_UNIX_NS = 1_700_000_000_000_000_000n

/** Names that contain the values they stand for. */
export const NAMES = {
  userName: (uid: number) => (uid === 33 ? 'www-data' : null),
  cgroupPath: (id: bigint) => `/cgroup-${id}`,
  containerFacts: () => undefined,
}

/** A trace that is open for recording, with one session. */
export interface NewTrace {
  readonly file: string
  readonly db: Database.Database
  readonly sessionId: number
}

export function openNewTrace(journalMode: 'WAL' | 'DELETE' = 'WAL'): NewTrace {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  const db = new Database(file, { timeout: 0 })
  db.pragma(`journal_mode = ${journalMode}`)
  db.pragma('synchronous = OFF')
  migrate(db)
  return { file, db, sessionId: addSession(db) }
}

/** A session without options, on a host of its own. */
export const PLAIN_SESSION = {
  toolVersion: '1.0.0',
  commandLine: 'tcpconn record',
  rotationBase: null,
  filters: '{}',
  ringBytes: 4096,
  startedUnixNs: STARTED_UNIX_NS,
  dnsSource: null,
  dnsPorts: [],
  localErrors: false,
  nat: false,
  host: 'web-1',
  limits: [],
} as const

export function addSession(db: Database.Database, filters = '{}'): number {
  return insertSession(db, { ...PLAIN_SESSION, filters })
}

/** A writer of a session whose clock began at 0. */
export function createWriter(
  { db, sessionId }: Pick<NewTrace, 'db' | 'sessionId'>,
  names: HostNames = NAMES,
): TraceWriter {
  return createTraceWriter(db, { sessionId, epochNs: 0n, names, metadata: null })
}
