import { closeSync, constants, fchmodSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { TcpconnError } from '../../errors.js'
import { cannotOpen, checkTrace, requireTraceHeader } from '../../store/check-trace.js'
import { migrate } from '../../store/migrate.js'
import { flock } from '../probe/libc.js'
import { writeFault } from './write-fault.js'

const LOCK_EX_NB = 2 | 4
/** How long opening waits for another program's lock. */
const OPEN_WAIT_MS = 2000
/** How long one write waits: attempts stay in the ring meanwhile, and the next tick tries again. */
const WRITE_WAIT_MS = 100
const { O_RDWR, O_CREAT, O_NOFOLLOW, O_CLOEXEC, O_NONBLOCK } = constants as typeof constants & { O_CLOEXEC: number }

/** A trace that this process alone records into. */
export interface Output {
  readonly db: Database.Database
  readonly path: string
  /** Bytes on disk, of the trace and its write-ahead log. */
  sizeBytes(): number
  /** @throws E_REMOVED when the file has no name any more, so that all that is written would be lost */
  requireName(): void
  /** From now on writes wait as long as it is reasonable at the end. */
  waitForLocks(milliseconds: number): void
  /** Leaves one closed file behind, without -wal and -shm, unless somebody else is still reading it. */
  close(): void
}

/**
 * Opens or makes a trace to record into, mode 0600. Never follows a symbolic link in the last component, and changes
 * nothing that is not a trace.
 * @throws E_CANNOT_OPEN, E_SYMLINK, E_BUSY_TRACE and the errors of `checkTrace`
 */
export function openOutput(path: string): Output {
  const fd = openFile(path)
  let db: Database.Database | undefined
  try {
    lock(fd, path)
    requireTraceHeader(fd, path)
    takeOver(fd, path)
    db = new Database(path, { fileMustExist: true, timeout: OPEN_WAIT_MS })
    requireSameFile(fd, path)
    checkTrace(db, path)
    prepare(db)
    return createOutput(db, fd, path)
  } catch (cause) {
    db?.close()
    closeSync(fd)
    throw (cause as { code?: string }).code === 'SQLITE_FULL' ? writeFault(path, cause) : cannotOpen(path, cause)
  }
}

function prepare(db: Database.Database): void {
  db.pragma('trusted_schema = OFF')
  // In rollback mode: what the file is stands in it from the first commit on, not in a write-ahead log beside it.
  migrate(db)
  db.pragma('journal_mode = WAL')
  // Opens -wal and -shm now, while an error still means that nothing was recorded.
  db.pragma('user_version')
  // A killed recorder loses nothing that was committed; after a power cut the file is whole, the last commits may miss.
  db.pragma('synchronous = NORMAL')
  db.pragma('cache_size = -4096')
  db.pragma(`busy_timeout = ${WRITE_WAIT_MS}`)
}

function createOutput(db: Database.Database, fd: number, path: string): Output {
  return {
    db,
    path,
    sizeBytes: () => fstatSync(fd).size + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0),
    requireName() {
      if (fstatSync(fd).nlink === 0) throw removed(path)
    },
    waitForLocks: (milliseconds) => void db.pragma(`busy_timeout = ${milliseconds}`),
    close() {
      try {
        db.pragma(`busy_timeout = ${WRITE_WAIT_MS}`)
        // A rollback-journal file opens anywhere, also read-only and in a read-only directory.
        db.pragma('journal_mode = DELETE')
      } catch {
        // Somebody reads it: it stays a WAL file, as whole as before.
      }
      db.close()
      // Only now: closing any descriptor of the file gives up all POSIX locks that SQLite holds on it.
      closeSync(fd)
    },
  }
}

function removed(path: string): TcpconnError {
  return new TcpconnError('E_REMOVED', {
    what: `recording into ${path} stopped: the file was removed`,
    reason: 'it has no name any more; what was recorded is gone with it',
    hint: 'record again; to begin a new file, end the recording first',
  })
}

/** This descriptor stays open while SQLite has the file: it carries the lock. */
function openFile(path: string): number {
  try {
    const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
    if (fstatSync(fd).isFile()) return fd
    closeSync(fd)
  } catch (cause) {
    throw openError(path, cause as NodeJS.ErrnoException)
  }
  throw openError(path, Object.assign(new Error('it is not a regular file'), { code: 'ENOTREG' }))
}

function openError(path: string, cause: NodeJS.ErrnoException): TcpconnError {
  const directory = dirname(resolve(path))
  const [code, reason, hint] = (
    {
      ELOOP: ['E_SYMLINK', 'it is a symbolic link, which record never follows', 'name the file itself'],
      ENOENT: ['E_CANNOT_OPEN', `the directory ${directory} does not exist`, `make it first: mkdir -p ${directory}`],
      EACCES: ['E_CANNOT_OPEN', `user ${process.getuid?.()} may not write it`, 'name a file in a directory of yours'],
      EROFS: ['E_CANNOT_OPEN', 'its file system is read-only', 'name a file on another file system'],
      ENOSPC: ['E_DISK_FULL', 'the disk is full', 'free some space, or name a file on another disk'],
      EISDIR: ['E_CANNOT_OPEN', 'it is a directory', 'name a file'],
    } as Record<string, [string, string, string]>
  )[cause.code ?? ''] ?? ['E_CANNOT_OPEN', cause.message, 'name a regular file']
  return new TcpconnError(code, { what: `cannot record into ${path}`, reason, hint, cause })
}

/** Command lines and names are nobody else's business; and nobody else may keep the file that they go to. */
function takeOver(fd: number, path: string): void {
  if (fstatSync(fd).uid !== process.geteuid?.()) {
    throw new TcpconnError('E_CANNOT_OPEN', {
      what: `cannot record into ${path}`,
      reason: 'it belongs to another user',
      hint: 'name another file, or record as the user whom it belongs to',
    })
  }
  fchmodSync(fd, 0o600)
}

function lock(fd: number, path: string): void {
  if (flock(fd, LOCK_EX_NB) === 0) return
  throw new TcpconnError('E_BUSY_TRACE', {
    what: `cannot record into ${path}`,
    reason: 'another process is recording into it',
    hint: 'name another file, or stop the other recording first',
  })
}

/** SQLite opens by name: the file that it got must be the one that was checked, not one planted in between. */
function requireSameFile(fd: number, path: string): void {
  const { dev, ino } = fstatSync(fd)
  const same = readdirSync('/proc/self/fd').filter((name) => {
    const stat = statSync(`/proc/self/fd/${name}`, { throwIfNoEntry: false })
    return stat?.dev === dev && stat.ino === ino
  })
  if (same.length >= 2) return
  throw new TcpconnError('E_SYMLINK', {
    what: `cannot record into ${path}`,
    reason: 'the file was replaced while it was being opened',
    hint: 'name a file in a directory that only you can write',
  })
}
