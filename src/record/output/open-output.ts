import { closeSync, fchmodSync, fstatSync, rmSync, statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { checkTrace, requireTraceHeader } from '../../store/check-trace.js'
import { migrate } from '../../store/migrate.js'
import { openDatabase, sqlitePath } from '../../store/open-database.js'
import { sleep } from '../host/clock.js'
import { isInWalMode } from '../../store/wal-mode.js'
import {
  isNamed,
  openLockedOutput,
  requireOwnFile,
  requireSameFile,
  type OpenMode,
  type LockedOutput,
} from './locked-output.js'
import { requireLinked } from './require-linked.js'
import { removeSideFiles, requireNoStrayLog, requireOwnSideFiles } from './sqlite-side-files.js'
import { isLocked, startFault } from './write-fault.js'

/** Time limit for another program's lock when opening. */
const OPEN_WAIT_MS = 2000
/** Time limit for a reader when closing a file during rotation. */
const CLOSE_WAIT_MS = 100
/** Time limit at the end of a recording. */
export const LAST_CLOSE_WAIT_MS = 2000
const CLOSE_STEP_MS = 20

type Wait = (milliseconds: number) => void

/** A trace that only this process records into. */
export interface Output {
  readonly db: Database
  readonly path: string
  /** Size of the trace and its write-ahead log on disk. */
  sizeBytes(): number
  /** @throws E_REMOVED, E_MOVED if further writes would be lost or not be found */
  requireLinked(): void
  /** Sets the time limit of writes for another program's lock. The initial value is that of opening. */
  waitForLocks(milliseconds: number): void
  /** Restores the initial state and removes a new file. Call instead of `close`, before anything is recorded. */
  abandon(): void
  /**
   * Closes the file and removes -wal and -shm. If another program still reads it after `waitMs`, SQLite moves as much
   * as possible into the file, and the rest stays in the log.
   */
  close(waitMs?: number): void
}

/**
 * Opens or creates a trace for recording, mode 0600. Never follows a symbolic link in the last component, and never
 * changes a file that is not a trace.
 * @param waitMs time limit for another program's lock
 * @param wait waits for some ms while a reader keeps the trace from being closed
 * @throws E_CANNOT_OPEN, E_SYMLINK, E_BUSY_TRACE, E_DISK_FULL and the errors of `checkTrace`
 */
export function openOutput(path: string, mode: OpenMode = 'any', waitMs = OPEN_WAIT_MS, wait: Wait = sleep): Output {
  const name = sqlitePath(path)
  const file = openLockedOutput(path, mode)
  let db: Database | undefined
  try {
    requireTraceHeader(file.fd, path)
    requireOwnFile(file)
    requireOwnSideFiles(path)
    if (fstatSync(file.fd).size === 0) requireNoStrayLog(path)
    // Command lines and names are private. SQLite creates the log with the mode of its file.
    fchmodSync(file.fd, 0o600)
    db = openDatabase(name, { fileMustExist: true, timeout: waitMs })
    requireSameFile(file)
    checkTrace(db, path)
    prepare(db)
    // SQLite has opened them now: checks that none was planted in between.
    requireOwnSideFiles(path)
    return createOutput(db, file, wait)
  } catch (cause) {
    const fault = startFault(path, cause)
    abandon(db, file)
    throw fault
  }
}

function prepare(db: Database): void {
  db.pragma('trusted_schema = OFF')
  // In rollback mode, so that the first commit is in the file and not in a write-ahead log.
  migrate(db)
  db.pragma('journal_mode = WAL')
  // Opens -wal and -shm now, while an error still means that nothing was recorded.
  db.pragma('user_version')
  // A killed recorder loses no committed data. After a power failure the file is consistent, but the last commits may
  // be missing.
  db.pragma('synchronous = NORMAL')
  db.pragma('cache_size = -4096')
}

/** Restores the initial state, before anything is recorded. */
function abandon(db: Database | undefined, file: LockedOutput): void {
  const { fd, path, mode } = file
  db?.close()
  if (isNamed(file)) {
    if (file.isNew) rmSync(path)
    if (file.isNew && db) removeSideFiles(path)
    if (!file.isNew && !file.isWal && isInWalMode(fd)) leaveWal(path)
  }
  if ((fstatSync(fd).mode & 0o7777) !== mode) fchmodSync(fd, mode)
  closeSync(fd)
}

/**
 * Leaves WAL mode when there is no space for shared memory and SQLite fails to do so: a connection with an exclusive
 * lock needs no shared memory.
 */
function leaveWal(path: string): void {
  const db = openDatabase(sqlitePath(path), { fileMustExist: true, timeout: CLOSE_WAIT_MS })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('user_version')
    // The lock is exclusive now. Removing the index frees the space that the next step needs.
    rmSync(`${path}-shm`, { force: true })
    db.pragma('journal_mode = DELETE')
  } catch {
    // Another program reads it, or there is no space for this either: it stays a complete file in WAL mode.
  } finally {
    db.close()
  }
}

/** A file in rollback mode can be opened anywhere, even read-only or in a read-only directory. */
function moveLog(db: Database, waitMs: number, wait: Wait): void {
  db.pragma('busy_timeout = 0')
  for (let waitedMs = 0; ; waitedMs += CLOSE_STEP_MS) {
    try {
      db.pragma('journal_mode = DELETE')
      return
    } catch (error) {
      // For a moved file SQLite checkpoints the log and reports an error. A retry would create a log under the new
      // name.
      if (!isLocked(error)) return
    }
    // Another program reads it.
    if (waitedMs >= waitMs) break
    wait(CLOSE_STEP_MS)
  }
  try {
    // Checkpoints everything written before the oldest reader started.
    db.pragma('wal_checkpoint(PASSIVE)')
  } catch {
    // It stays a complete file in WAL mode.
  }
}

function createOutput(db: Database, file: LockedOutput, wait: Wait): Output {
  const { fd, path } = file
  return {
    db,
    path,
    sizeBytes: () => fstatSync(fd).size + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0),
    requireLinked: () => requireLinked(file),
    waitForLocks: (milliseconds) => void db.pragma(`busy_timeout = ${milliseconds}`),
    abandon: () => abandon(db, file),
    close(waitMs = CLOSE_WAIT_MS) {
      moveLog(db, waitMs, wait)
      db.close()
      // Last: closing any descriptor of the file releases all POSIX locks that SQLite holds on it.
      closeSync(fd)
    },
  }
}
