import { lstatSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from 'better-sqlite3'
import { safeText } from '../text/safe-text.js'
import { openDatabase, sqlitePath } from './open-database.js'
import { openTrace } from './open-trace.js'
import { isWalFile } from './wal-mode.js'

const SUFFIXES = ['-wal', '-shm'] as const
/** Write permission of group and others */
const OTHERS_WRITE = 0o022
const ANY_WRITE = 0o222

/**
 * Path of the write-ahead log with a part of the trace; `null` if the file is complete. Requires that no connection is
 * open.
 */
export function findLeftLog(path: string): string | null {
  const log = `${path}-wal`
  return isWalFile(path) && (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0 ? log : null
}

/**
 * The warning for a trace in WAL mode without its log and without an end of its last session, like a copy of FILE
 * alone; `null` for other files. The start of a session is always in FILE itself. Call without an open connection:
 * SQLite creates an empty log.
 */
export function describeMissingLog(path: string): string | null {
  if (!isWalFile(path) || findLeftLog(path) !== null || mayHaveEnded(path)) return null
  const [file, log] = [safeText(path), safeText(`${path}-wal`)]
  return `${file} was not closed and ${log} is missing: attempts may be missing; copy both files`
}

function mayHaveEnded(path: string): boolean {
  try {
    return hasEnded(path)
  } catch {
    // Reading the trace reports the problem.
    return true
  }
}

/**
 * Checkpoints the log of a trace whose recording ended while another program was reading, which only a later command
 * can do. Changes only files of the user in a directory that no other user can write, only if the last session has
 * ended, and only while no program has the trace open. Requires that this process has no connection to it.
 */
export function closeLeftTrace(path: string): void {
  try {
    if (findLeftLog(path) === null || !isOwn(path) || !hasEnded(path)) return
    const db = openDatabase(sqlitePath(path), { fileMustExist: true, timeout: 0 })
    try {
      db.pragma('trusted_schema = OFF')
      db.pragma('journal_mode = DELETE')
    } finally {
      db.close()
    }
  } catch {
    // Another program has it open, or it is unreadable: reading the trace reports the problem.
  }
}

function isOwn(path: string): boolean {
  const [file, directory] = [lstatSync(path), statSync(dirname(path))]
  const isOwnDirectory = directory.uid === process.geteuid?.() && (directory.mode & OTHERS_WRITE) === 0
  const sideFiles = SUFFIXES.map((suffix) => lstatSync(`${path}${suffix}`, { throwIfNoEntry: false }))
  return (
    isOwnDirectory && (file.mode & ANY_WRITE) !== 0 && [file, ...sideFiles].every((stat) => !stat || isOwnFile(stat))
  )
}

function isOwnFile(stat: Stats): boolean {
  return stat.isFile() && stat.uid === process.geteuid?.() && stat.nlink === 1
}

/** A recorder writes the end of its session before it closes the file. */
function hasEnded(path: string): boolean {
  const db: Database = openTrace(path, 0)
  try {
    const last = db.prepare('SELECT duration_ns FROM session ORDER BY session_id DESC LIMIT 1').pluck().get()
    return typeof last === 'number'
  } finally {
    db.close()
  }
}
