import { closeSync, openSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { openTrace } from '../../store/open-trace.js'
import { closeLeftTrace, describeMissingLog } from '../../store/left-log.js'
import { createDecodeWorkers, type DecodeWorkers } from './decode-workers.js'
import type { RemoteParts } from './remote-parts.js'
import type { TableFile } from './table-pages.js'

/** An open trace file. */
export interface Trace {
  readonly path: string
  /** A line about the missing log; `null` if no log is missing */
  readonly missingLog: string | null
  readonly db: Database
  /**
   * A second connection for lookups while a statement of `db` runs. It sees the same state: a recording updates existing rows
   * with the names of users and cgroups.
   */
  readonly lookup: Database
  /** Location of connect_attempt in the file; `null` if it can only be read through SQLite. */
  readonly attempts: TableFile | null
  /** Threads for large scans of `attempts`; `null`: none. */
  readonly workers: DecodeWorkers | null
  /** By session, once they have been read: `plan-scan.ts` keeps them, since a trace is one state of its file. */
  readonly windows?: Map<number, readonly Window[]>
  /** Ids that filters accept, by query, once they have been read: a trace may have thousands of sessions */
  readonly acceptedIds?: Map<string, ReadonlySet<number>>
  /** Of a trace that was built from a server: what is still there */
  readonly remote?: RemoteParts
}

/** Lines about sessions and logs that are no part of a trace. */
export function describeMissingParts({ missingLog, remote }: Trace): string[] {
  return [...(remote?.leftOut ?? []), ...(missingLog === null ? [] : [missingLog])]
}

/** A window: its attempts by id and by start, and whether its sums are stored. */
export interface Window {
  readonly window_id: number
  readonly first_attempt_id: number
  readonly last_attempt_id: number
  readonly min_started_ns: number
  readonly max_started_ns: number
  readonly hasSums: boolean
}

/**
 * Opens the files, runs `body` on one state of each, also during recording, and closes them.
 * @param workers for large scans; they are ended
 * @param complete adds what a trace from a server needs, which this process wrote
 * @throws the errors of `openTrace`
 */
export function withTraces<T>(
  paths: readonly string[],
  body: (traces: readonly Trace[]) => T,
  workers: DecodeWorkers = createDecodeWorkers(),
  complete?: (trace: Trace) => Trace,
): T {
  const traces: Trace[] = []
  const opened: Database[] = []
  const open = (path: string) => {
    const db = openTrace(path, undefined, complete !== undefined)
    opened.push(db)
    return db
  }
  // Closing any descriptor of a file releases all locks of the process on it: close SQLite first.
  const close = () => {
    workers.close()
    for (const db of opened.splice(0)) db.close()
    for (const { attempts } of traces.splice(0)) if (attempts) closeSync(attempts.fd)
  }
  try {
    // Before a file is open: see `closeLeftTrace`.
    const missingLogs = paths.map((path) => {
      closeLeftTrace(path)
      return describeMissingLog(path)
    })
    for (const [i, path] of paths.entries()) {
      const [db, lookup] = [open(path), open(path)]
      beginTogether(db, lookup)
      const [missingLog, attempts] = [missingLogs[i] ?? null, findAttempts(path, db)]
      const trace: Trace = { path, missingLog, db, lookup, attempts, workers, ...createCaches() }
      traces.push(complete?.(trace) ?? trace)
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

function createCaches(): Required<Pick<Trace, 'windows' | 'acceptedIds'>> {
  return { windows: new Map(), acceptedIds: new Map() }
}

/** Limit of attempts; a recording commits less often while two transactions begin. */
const MAX_BEGINS = 100

/** Begins to read the same state on both connections. If all attempts fail, `lookup` sees a newer state. */
function beginTogether(db: Database, lookup: Database): void {
  for (let i = 0; i < MAX_BEGINS; i++) {
    const before = dataVersion(lookup)
    beginReading(db)
    beginReading(lookup)
    // Read inside of the transaction. If it is the same as before, no one committed in between.
    if (dataVersion(lookup) === before || i + 1 === MAX_BEGINS) return
    lookup.exec('COMMIT')
    db.exec('COMMIT')
  }
}

/** A transaction sees the state of its first read. */
function beginReading(db: Database): void {
  db.exec('BEGIN')
  db.prepare('SELECT count(*) FROM sqlite_schema').get()
}

/** Changes with every commit of another connection: https://www.sqlite.org/pragma.html#pragma_data_version */
function dataVersion(db: Database): unknown {
  return db.pragma('data_version', { simple: true })
}

/** In WAL mode, pages may be in the log. In other modes the transaction of `db` prevents changes of the file. */
function findAttempts(path: string, db: Database): TableFile | null {
  const find = db.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'connect_attempt'")
  const rootPage = find.pluck().get()
  const pageBytes = db.pragma('page_size', { simple: true })
  if (db.pragma('journal_mode', { simple: true }) === 'wal') return null
  if (typeof rootPage !== 'number' || typeof pageBytes !== 'number') return null
  return { path, fd: openSync(path, 'r'), pageBytes, rootPage }
}
