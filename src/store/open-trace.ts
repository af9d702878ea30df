import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { TcpconnError, messageOf } from '../base/errors.js'
import { addMissingColumns } from './add-missing-columns.js'
import { cannotOpen, checkTrace } from './check-trace.js'
import { openDatabase, sqlitePath } from './open-database.js'

/** Time limit for another program's lock when opening. */
const WAIT_MS = 2000

/**
 * Opens a trace for reading, also while it is being recorded. The file is untrusted: it is opened read-only, and
 * nothing stored in its schema is trusted (https://www.sqlite.org/security.html). better-sqlite3 enables
 * SQLITE_DBCONFIG_DEFENSIVE itself; it has no authorizer and sets no limits.
 * @param waitMs time limit for another program's lock
 * @param isOwn whether this process wrote the file: it may have more indexes
 * @throws E_NO_SUCH_FILE E_NATIVE_MODULE and the errors of `checkTrace`
 */
export function openTrace(path: string, waitMs = WAIT_MS, isOwn = false): Database {
  requireFile(path)
  let db: Database | undefined
  try {
    db = openDatabase(sqlitePath(path), { readonly: true, timeout: waitMs })
    db.pragma('trusted_schema = OFF')
    db.pragma('mmap_size = 0')
    db.pragma('cell_size_check = ON')
    if (!isOwn && !checkTrace(db, path)) throw emptyFile(path)
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
    if (!stat) return 'no such file'
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
