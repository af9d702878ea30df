import { closeSync, fchmodSync, fstatSync, rmSync, statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { checkTrace, requireTraceHeader } from '../../store/check-trace.js'
import { migrate } from '../../store/migrate.js'
import { openDatabase } from '../../store/open-database.js'
import { sleep } from '../host/sleep.js'
import { sqlitePath } from '../../store/sqlite-path.js'
import { isInWalMode } from '../../store/wal-mode.js'
import {
  isNamed,
  openOutputFile,
  requireOwnFile,
  requireSameFile,
  type OpenMode,
  type OutputFile,
} from './output-file.js'
import { requireName } from './require-name.js'
import { removeSiblings, requireNoStrayLog, requireOwnSiblings } from './siblings.js'
import { isLocked } from './session-row.js'
import { startFault } from './write-fault.js'

/** How long opening waits for another program's lock. */
const OPEN_WAIT_MS = 2000
/** How long closing waits for a reader while a recording goes on in another file. */
const CLOSE_WAIT_MS = 100
/** The same at the end of a recording. */
export const LAST_CLOSE_WAIT_MS = 2000
const CLOSE_STEP_MS = 20

/** A trace that this process alone records into. */
export interface Output {
  readonly db: Database
  readonly path: string
  /** Bytes on disk, of the trace and its write-ahead log. */
  sizeBytes(): number
  /** @throws E_REMOVED, E_MOVED when what is written would be lost, or not be found */
  requireName(): void
  /** From now on writes wait this long for another program's lock. At first it is as long as opening does. */
  waitForLocks(milliseconds: number): void
  /** Leaves things as they were found: a new file is gone. Instead of `close`, before anything was recorded. */
  abandon(): void
  /**
   * Leaves one closed file behind, without -wal and -shm. While another program still reads it after `waitMs`, the file keeps
   * the part that SQLite can move into it, and the rest stays in the log.
   */
  close(waitMs?: number): void
}

/**
 * Opens or makes a trace to record into, mode 0600. Never follows a symbolic link in the last component, and changes
 * nothing that is not a trace.
 * @param waitMs for another program's lock
 * @throws E_CANNOT_OPEN, E_SYMLINK, E_BUSY_TRACE, E_DISK_FULL and the errors of `checkTrace`
 */
export function openOutput(path: string, mode: OpenMode = 'any', waitMs = OPEN_WAIT_MS): Output {
  const name = sqlitePath(path)
  const file = openOutputFile(path, mode)
  let db: Database | undefined
  try {
    requireTraceHeader(file.fd, path)
    requireOwnFile(file)
    requireOwnSiblings(path)
    if (fstatSync(file.fd).size === 0) requireNoStrayLog(path)
    // Command lines and names are nobody else's business; SQLite gives a log the mode of its file.
    fchmodSync(file.fd, 0o600)
    db = openDatabase(name, { fileMustExist: true, timeout: waitMs })
    requireSameFile(file)
    checkTrace(db, path)
    prepare(db)
    // By now it has them open, and none was planted in between.
    requireOwnSiblings(path)
    return createOutput(db, file)
  } catch (cause) {
    const fault = startFault(path, cause)
    abandon(db, file)
    throw fault
  }
}

function prepare(db: Database): void {
  db.pragma('trusted_schema = OFF')
  // In rollback mode: what the file is stands in it from the first commit on, not in a write-ahead log beside it.
  migrate(db)
  db.pragma('journal_mode = WAL')
  // Opens -wal and -shm now, while an error still means that nothing was recorded.
  db.pragma('user_version')
  // A killed recorder loses nothing that was committed; after a power cut the file is whole, the last commits may miss.
  db.pragma('synchronous = NORMAL')
  db.pragma('cache_size = -4096')
}

/** Leaves things as they were found, before anything was recorded. */
function abandon(db: Database | undefined, file: OutputFile): void {
  const { fd, path, mode } = file
  db?.close()
  if (isNamed(file)) {
    if (file.isNew) rmSync(path)
    if (file.isNew && db) removeSiblings(path)
    if (!file.isNew && !file.isWal && isInWalMode(fd)) leaveWal(path)
  }
  if ((fstatSync(fd).mode & 0o7777) !== mode) fchmodSync(fd, mode)
  closeSync(fd)
}

/**
 * Takes a trace out of WAL mode where there was no room for its shared memory, so that SQLite could not do so itself: a
 * connection that has the file to itself needs none.
 */
function leaveWal(path: string): void {
  const db = openDatabase(sqlitePath(path), { fileMustExist: true, timeout: CLOSE_WAIT_MS })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('user_version')
    // From here on it has the file to itself. What was made of the memory takes the room that the next step needs.
    rmSync(`${path}-shm`, { force: true })
    db.pragma('journal_mode = DELETE')
  } catch {
    // Somebody reads it, or there is no room for this either: it stays a WAL file, as whole as before.
  } finally {
    db.close()
  }
}

/** A rollback-journal file opens anywhere, also read-only and in a read-only directory. */
function moveLog(db: Database, waitMs: number): void {
  const deadlineMs = performance.now() + waitMs
  db.pragma('busy_timeout = 0')
  for (;;) {
    try {
      db.pragma('journal_mode = DELETE')
      return
    } catch (error) {
      // Of a file that was moved SQLite brings home the log, and reports an error: a second try would make a log under the new name.
      if (!isLocked(error)) return
    }
    // Another program reads it.
    if (performance.now() >= deadlineMs) break
    sleep(CLOSE_STEP_MS)
  }
  try {
    // All that was written before the oldest reader began.
    db.pragma('wal_checkpoint(PASSIVE)')
  } catch {
    // It stays a WAL file, as whole as before.
  }
}

function createOutput(db: Database, file: OutputFile): Output {
  const { fd, path } = file
  return {
    db,
    path,
    sizeBytes: () => fstatSync(fd).size + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0),
    requireName: () => requireName(file),
    waitForLocks: (milliseconds) => void db.pragma(`busy_timeout = ${milliseconds}`),
    abandon: () => abandon(db, file),
    close(waitMs = CLOSE_WAIT_MS) {
      moveLog(db, waitMs)
      db.close()
      // Only now: closing any descriptor of the file gives up all POSIX locks that SQLite holds on it.
      closeSync(fd)
    },
  }
}
