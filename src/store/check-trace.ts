import { readSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { TcpconnError, messageOf } from '../base/errors.js'
import { checkSchema } from './check-schema.js'
import { APPLICATION_ID, latestVersion } from './migrate.js'
import { isWalFile } from './wal-mode.js'

/**
 * Checks that an open database is a supported trace.
 * @returns `true` for a trace, `false` for an empty file
 * @throws E_NOT_A_TRACE, E_NEWER_TRACE, E_FOREIGN_SCHEMA, E_DAMAGED_TRACE, and errors of SQLite: see `cannotOpen`
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
      reason: `its format is version ${header.version}; this tcpconn supports up to ${latestVersion()}`,
      hint: 'update tcpconn, or record into another file',
    })
  }
  if (header.version < 1) throw damagedTrace(path, new Error(`its format is version ${header.version}`))
  checkSchema(db, path, header.version)
  return true
}

/**
 * Checks a file before SQLite opens it, which would recover another program's database. Accepts empty files. Offsets:
 * https://www.sqlite.org/fileformat2.html#the_database_header
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

/** The error for an SQLite error while reading a trace; other errors are returned unchanged. */
export function readFault(path: string, cause: unknown): unknown {
  const code = (cause as { code?: string }).code ?? ''
  if (code === 'SQLITE_ERROR') return damagedTrace(path, cause)
  return code.startsWith('SQLITE_') ? cannotOpen(path, cause) : cause
}

/** The error for an SQLite error of the first read of `path`. */
export function cannotOpen(path: string, cause: unknown): TcpconnError {
  if (cause instanceof TcpconnError) return cause
  const code = (cause as { code?: string }).code ?? ''
  if (code === 'SQLITE_NOTADB') {
    return notSqlite(path, cause)
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new TcpconnError('E_LOCKED_TRACE', {
      what: `cannot open ${path}`,
      reason: 'another program holds a lock on it',
      hint: 'stop that program, or try again later',
      cause,
    })
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return damagedTrace(path, cause)
  }
  if (code === NO_SHARED_MEMORY) {
    return withoutSharedMemory(path, cause, {
      what: `cannot open ${path}`,
      hint: `copy it together with ${path}-wal to a local file system and read it there, or wait until its recording ends`,
    })
  }
  if (/^SQLITE_(CANTOPEN|READONLY)/.test(code) && isWalFile(path)) return unclosedTrace(path, cause)
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open ${path}`,
    reason: messageOf(cause),
    hint: 'check the path and the permissions of the file and its directory',
    cause,
  })
}

/** Result code of mmap(2) for FILE-shm, the index of the log */
export const NO_SHARED_MEMORY = 'SQLITE_IOERR_SHMMAP'

/** The error for a file system that refuses MAP_SHARED, like FUSE with direct_io. Closed traces do not need it. */
export function withoutSharedMemory(path: string, cause: unknown, text: { what: string; hint: string }): TcpconnError {
  const reason = `${path} is on a file system without shared memory (mmap), which SQLite needs while a trace is recorded`
  return new TcpconnError('E_CANNOT_OPEN', { ...text, reason, cause })
}

/** SQLite reads a log through its index, FILE-shm, and creates it if it is missing. */
function unclosedTrace(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open ${path}`,
    reason:
      'its recording is running or had an unclean shutdown; reading such a trace requires write access to its directory',
    hint: `copy it to a directory of your own, together with ${path}-wal if that exists: it is part of the trace`,
    cause,
  })
}

/** The error for damage found by SQLite or a reader. */
export function damagedTrace(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_DAMAGED_TRACE', {
    what: `${path} is damaged`,
    reason: messageOf(cause),
    hint: `recover the readable rows: sqlite3 ${path} .recover | sqlite3 recovered.db`,
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
