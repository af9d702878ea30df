import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { TcpconnError, messageOf } from '../errors.js'
import { addMissingColumns } from './add-missing-columns.js'
import { cannotOpen, checkTrace } from './check-trace.js'
import { openDatabase } from './open-database.js'
import { sqlitePath } from './sqlite-path.js'

/** How long opening waits for another program's lock. */
const WAIT_MS = 2000

/**
 * Opens a trace to read it, also while it is being recorded. The file may come from a stranger: it is opened
 * read-only, and nothing that is stored in its schema is trusted (https://www.sqlite.org/security.html). better-sqlite3
 * switches SQLITE_DBCONFIG_DEFENSIVE on by itself; it has no authorizer and sets no limits.
 * @param waitMs for another program's lock
 * @throws E_NO_SUCH_FILE E_NATIVE_MODULE and the errors of `checkTrace`
 */
export function openTrace(path: string, waitMs = WAIT_MS): Database {
  requireFile(path)
  let db: Database | undefined
  try {
    db = openDatabase(sqlitePath(path), { readonly: true, timeout: waitMs })
    db.pragma('trusted_schema = OFF')
    db.pragma('mmap_size = 0')
    db.pragma('cell_size_check = ON')
    if (!checkTrace(db, path)) throw emptyFile(path)
    addMissingColumns(db)
    db.pragma('query_only = ON')
    return db
  } catch (cause) {
    db?.close()
    throw cannotOpen(path, cause)
  }
}

function requireFile(path: string): void {
  const problem = problemOf(path)
  if (problem === null) return
  throw new TcpconnError('E_NO_SUCH_FILE', {
    what: `cannot open ${path}`,
    reason: problem,
    hint: 'record one first: sudo tcpconn record --duration 10m, or name the trace file',
  })
}

function problemOf(path: string): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return 'there is no such file'
    return stat.isFile() ? null : 'it is not a regular file'
  } catch (error) {
    return messageOf(error)
  }
}

function emptyFile(path: string): TcpconnError {
  return new TcpconnError('E_NOT_A_TRACE', {
    what: `${path} is not a trace`,
    reason: 'the file is empty',
    hint: 'record into it first: sudo tcpconn record FILE',
  })
}
