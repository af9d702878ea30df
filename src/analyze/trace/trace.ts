import { closeSync, openSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { openTrace } from '../../store/open-trace.js'
import { closeLeftTrace, describeMissingLog } from '../../store/left-log.js'
import { createDecodeWorkers, type DecodeWorkers } from './decode-workers.js'
import type { TableFile } from './table-pages.js'

/** A trace file that is being read. */
export interface Trace {
  readonly path: string
  /** What to say of a log that is missing; `null` when none is */
  readonly missingLog: string | null
  readonly db: Database
  /**
   * A second connection, for lookups while `db` is busy with a statement. It sees the same state: a recording adds the names
   * of users and cgroups to rows that are there already.
   */
  readonly lookup: Database
  /** Where connect_attempt is in the file; `null` when it can only be read through SQLite. */
  readonly attempts: TableFile | null
  /** Threads for large scans of `attempts`; `null` for none. */
  readonly workers: DecodeWorkers | null
}

/**
 * Runs `body` over one state of each file, also while one is being recorded, and closes them.
 * @param workers for large scans; ended afterwards
 * @throws the errors of `openTrace`
 */
export function withTraces<T>(
  paths: readonly string[],
  body: (traces: readonly Trace[]) => T,
  workers: DecodeWorkers = createDecodeWorkers(),
): T {
  const traces: Trace[] = []
  const opened: Database[] = []
  const open = (path: string) => {
    const db = openTrace(path)
    opened.push(db)
    return db
  }
  // A process's locks on a file are gone as soon as it closes any descriptor of it: SQLite's go first.
  const close = () => {
    workers.close()
    for (const db of opened.splice(0)) db.close()
    for (const { attempts } of traces.splice(0)) if (attempts) closeSync(attempts.fd)
  }
  try {
    // Before any is open: see `closeLeftTrace`.
    const missingLogs = paths.map((path) => {
      closeLeftTrace(path)
      return describeMissingLog(path)
    })
    for (const [i, path] of paths.entries()) {
      const [db, lookup] = [open(path), open(path)]
      beginTogether(db, lookup)
      traces.push({ path, missingLog: missingLogs[i] ?? null, db, lookup, attempts: findAttempts(path, db), workers })
    }
    const result = body([...traces])
    if (result instanceof Promise) return result.finally(close) as T
    close()
    return result
  } catch (error) {
    close()
    throw error
  }
}

/** More often than a recording commits while two transactions begin. */
const MAX_BEGINS = 100

/** Begins to read the same state over both connections. When every attempt fails, `lookup` sees what was written after. */
function beginTogether(db: Database, lookup: Database): void {
  for (let i = 0; i < MAX_BEGINS; i++) {
    const before = dataVersion(lookup)
    beginReading(db)
    beginReading(lookup)
    // It is of the transaction now. As it was before: nobody committed between the two, nor since.
    if (dataVersion(lookup) === before || i + 1 === MAX_BEGINS) return
    lookup.exec('COMMIT')
    db.exec('COMMIT')
  }
}

/** A transaction sees the state at its first read. */
function beginReading(db: Database): void {
  db.exec('BEGIN')
  db.prepare('SELECT count(*) FROM sqlite_schema').get()
}

/** Changes with every commit of another connection: https://www.sqlite.org/pragma.html#pragma_data_version */
function dataVersion(db: Database): unknown {
  return db.pragma('data_version', { simple: true })
}

/** In WAL mode pages may be in the log. Otherwise the transaction of `db` keeps the file as it is. */
function findAttempts(path: string, db: Database): TableFile | null {
  const find = db.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'connect_attempt'")
  const rootPage = find.pluck().get()
  const pageBytes = db.pragma('page_size', { simple: true })
  if (db.pragma('journal_mode', { simple: true }) === 'wal') return null
  if (typeof rootPage !== 'number' || typeof pageBytes !== 'number') return null
  return { path, fd: openSync(path, 'r'), pageBytes, rootPage }
}
