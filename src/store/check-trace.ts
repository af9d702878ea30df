import { readSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { TcpconnError, messageOf } from '../errors.js'
import { checkSchema } from './check-schema.js'
import { APPLICATION_ID, latestVersion } from './migrate.js'
import { isWalFile } from './wal-mode.js'

/**
 * Makes sure that an open database is a trace that this tool understands.
 * @returns `true` for a trace, `false` for an empty file
 * @throws E_NOT_A_TRACE, E_NEWER_TRACE, E_FOREIGN_SCHEMA, E_DAMAGED_TRACE, and what SQLite answers: see `cannotOpen`
 */
export function checkTrace(db: Database, path: string): boolean {
  const header = readHeader(db)
  if (header.applicationId !== APPLICATION_ID) {
    if (header.isEmpty) return false
    throw foreignDatabase(path)
  }
  if (header.version > latestVersion()) {
    throw new TcpconnError('E_NEWER_TRACE', {
      what: `${path} was written by a newer tcpconn`,
      reason: `its format is version ${header.version}, this tool knows ${latestVersion()}`,
      hint: 'update tcpconn, or record into another file',
    })
  }
  if (header.version < 1) throw damagedTrace(path, new Error(`its format is version ${header.version}`))
  checkSchema(db, path, header.version)
  return true
}

/**
 * Looks at a file before SQLite does, which would write a foreign database's log back into it. Empty files pass.
 * Offsets: https://www.sqlite.org/fileformat2.html#the_database_header
 * @throws E_NOT_SQLITE, E_NOT_A_TRACE
 */
export function requireTraceHeader(fd: number, path: string): void {
  const header = Buffer.alloc(100)
  const length = readSync(fd, header, 0, header.length, 0)
  if (length === 0) return
  if (length < header.length || header.toString('latin1', 0, 16) !== 'SQLite format 3\0') throw notSqlite(path)
  if (header.readUInt32BE(68) !== APPLICATION_ID) throw foreignDatabase(path)
}

function readHeader(db: Database) {
  return {
    applicationId: db.pragma('application_id', { simple: true }) as number,
    version: db.pragma('user_version', { simple: true }) as number,
    isEmpty: db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0,
  }
}

/** The error for what SQLite answered in the middle of reading a trace; anything else is left as it is. */
export function readFault(path: string, cause: unknown): unknown {
  const code = (cause as { code?: string }).code ?? ''
  if (code === 'SQLITE_ERROR') return damagedTrace(path, cause)
  return code.startsWith('SQLITE_') ? cannotOpen(path, cause) : cause
}

/** The error for whatever SQLite answered when it first read `path`. */
export function cannotOpen(path: string, cause: unknown): TcpconnError {
  if (cause instanceof TcpconnError) return cause
  const code = (cause as { code?: string }).code ?? ''
  if (code === 'SQLITE_NOTADB') {
    return notSqlite(path, cause)
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new TcpconnError('E_LOCKED_TRACE', {
      what: `cannot open ${path}`,
      reason: 'another program holds it locked',
      hint: 'end that program, or try again in a moment',
      cause,
    })
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return damagedTrace(path, cause)
  }
  if (/^SQLITE_(CANTOPEN|READONLY)/.test(code) && isWalFile(path)) return unclosedTrace(path, cause)
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open ${path}`,
    reason: messageOf(cause),
    hint: 'check the path and the permissions of the file and its directory',
    cause,
  })
}

/** SQLite reads a log by way of its index, FILE-shm, which it has to make when there is none. */
function unclosedTrace(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open ${path}`,
    reason: 'its recording runs or was cut off: such a trace is read in a directory that one may write',
    hint: `copy it into a directory of yours, together with ${path}-wal if that is there: it is a part of the trace`,
    cause,
  })
}

/** The error for a file that SQLite, or a reader, found damaged. */
export function damagedTrace(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_DAMAGED_TRACE', {
    what: `${path} is damaged`,
    reason: messageOf(cause),
    hint: `save what is left: sqlite3 ${path} .recover | sqlite3 recovered.db`,
    cause,
  })
}

function notSqlite(path: string, cause?: unknown): TcpconnError {
  return new TcpconnError('E_NOT_SQLITE', {
    what: `${path} is not a trace`,
    reason: 'it is not an SQLite file',
    hint: 'name a file that tcpconn record wrote, or a new one to record into',
    cause,
  })
}

function foreignDatabase(path: string): TcpconnError {
  return new TcpconnError('E_NOT_A_TRACE', {
    what: `${path} is not a trace`,
    reason: 'it is an SQLite database of another program',
    hint: 'name a file that tcpconn record wrote, or a new one to record into',
  })
}
