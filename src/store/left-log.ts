import { lstatSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from 'better-sqlite3'
import { safeText } from '../show/safe-text.js'
import { openDatabase } from './open-database.js'
import { openTrace } from './open-trace.js'
import { sqlitePath } from './sqlite-path.js'
import { isWalFile } from './wal-mode.js'

const SUFFIXES = ['-wal', '-shm'] as const
/** Write permission of group and others */
const OTHERS_WRITE = 0o022
const ANY_WRITE = 0o222

/** Path of the write-ahead log that holds a part of a trace; `null` when the file is the whole trace. No connection to it may be open. */
export function findLeftLog(path: string): string | null {
  const log = `${path}-wal`
  return isWalFile(path) && (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0 ? log : null
}

/**
 * What to say of a trace in WAL mode without its log whose last session has no end, as of a copy of FILE alone; `null` for any
 * other. To be called while no connection to it is open: SQLite makes an empty log.
 */
export function describeMissingLog(path: string): string | null {
  if (!isWalFile(path) || findLeftLog(path) !== null || mayHaveEnded(path)) return null
  const [file, log] = [safeText(path), safeText(`${path}-wal`)]
  return `${file} was not closed and ${log} is not there: attempts may be missing; copy both files`
}

function mayHaveEnded(path: string): boolean {
  try {
    return hasEnded(path)
  } catch {
    // Reading it says what is wrong.
    return true
  }
}

/**
 * Moves the log of a trace into the trace when the recording has ended while another program was reading: then nobody but a
 * later command can. Touches nothing but a user's own files in a directory that only this user may write, of which the last
 * session has ended; nothing while a program still has the trace open. No connection to it may be open in this process.
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
    // Another program has it open, or it cannot be read: reading it says what is wrong.
  }
}

function isOwn(path: string): boolean {
  const [file, directory] = [lstatSync(path), statSync(dirname(path))]
  const isOwnDirectory = directory.uid === process.geteuid?.() && (directory.mode & OTHERS_WRITE) === 0
  const siblings = SUFFIXES.map((suffix) => lstatSync(`${path}${suffix}`, { throwIfNoEntry: false }))
  return (
    isOwnDirectory && (file.mode & ANY_WRITE) !== 0 && [file, ...siblings].every((stat) => !stat || isOwnFile(stat))
  )
}

function isOwnFile(stat: Stats): boolean {
  return stat.isFile() && stat.uid === process.geteuid?.() && stat.nlink === 1
}

/** A recorder ends its session before it closes the file. */
function hasEnded(path: string): boolean {
  const db: Database = openTrace(path, 0)
  try {
    const last = db.prepare('SELECT duration_ns FROM session ORDER BY session_id DESC LIMIT 1').pluck().get()
    return typeof last === 'number'
  } finally {
    db.close()
  }
}
