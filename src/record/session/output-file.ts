import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  statSync,
  type Stats,
} from 'node:fs'
import { dirname } from 'node:path'
import { TcpconnError } from '../../errors.js'
import { isInWalMode } from '../../store/wal-mode.js'
import { flock } from '../probe/libc.js'
import { fullDisk } from './write-fault.js'

const LOCK_EX_NB = 2 | 4
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_CLOEXEC, O_NONBLOCK } = constants as typeof constants & {
  O_CLOEXEC: number
}
const FLAGS = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
const OWNER_WRITE = 0o200

/** A file to record into, locked. The descriptor carries the lock: it stays open for as long as SQLite has the file. */
export interface OutputFile {
  readonly fd: number
  readonly path: string
  /** Made just now. */
  readonly isNew: boolean
  /** Permissions as they were found. */
  readonly mode: number
  /** Whether it was found in WAL mode, as a killed recorder leaves it. */
  readonly isWal: boolean
}

/**
 * Opens or makes a file, mode 0600. Never follows a symbolic link in the last component.
 * @throws E_CANNOT_OPEN, E_SYMLINK, E_DISK_FULL, E_BUSY_TRACE
 */
export function openOutputFile(path: string): OutputFile {
  const { fd, wasMade } = openOrMake(path)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw openError(path, Object.assign(new Error('it is not a regular file'), { code: 'ENOTREG' }))
    lock(fd, path)
    // Between making and locking it another recorder may have had it.
    const isNew = wasMade && fstatSync(fd).size === 0
    return { fd, path, isNew, mode: stat.mode & 0o7777, isWal: isInWalMode(fd) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function openOrMake(path: string): { fd: number; wasMade: boolean } {
  try {
    return { fd: openSync(path, FLAGS | O_CREAT | O_EXCL, 0o600), wasMade: true }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw openError(path, cause as NodeJS.ErrnoException)
  }
  try {
    return { fd: openSync(path, FLAGS), wasMade: false }
  } catch (cause) {
    throw openError(path, cause as NodeJS.ErrnoException)
  }
}

function openError(path: string, cause: NodeJS.ErrnoException): TcpconnError {
  if (cause.code === 'ENOSPC') return fullDisk(path, cause)
  if (cause.code === 'EACCES' && isReadOnly(lookAt(path))) return readOnly(path)
  const directory = dirname(path)
  const [code, reason, hint] = (
    {
      ELOOP: ['E_SYMLINK', 'it is a symbolic link, which record never follows', 'name the file itself'],
      ENOENT: existsSync(directory)
        ? ['E_CANNOT_OPEN', `no file can be made in ${directory}`, 'name a file in another directory']
        : ['E_CANNOT_OPEN', `the directory ${directory} does not exist`, `make it first: mkdir -p ${directory}`],
      EACCES: ['E_CANNOT_OPEN', `user ${process.getuid?.()} may not write it`, 'name a file in a directory of yours'],
      EROFS: ['E_CANNOT_OPEN', 'its file system is read-only', 'name a file on another file system'],
      EISDIR: ['E_CANNOT_OPEN', 'it is a directory', 'name a file'],
    } as Record<string, [string, string, string]>
  )[cause.code ?? ''] ?? ['E_CANNOT_OPEN', cause.message, 'name a regular file']
  return new TcpconnError(code, { what: `cannot record into ${path}`, reason, hint, cause })
}

/** The directory may be one that this user may not search. */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}

function lock(fd: number, path: string): void {
  if (flock(fd, LOCK_EX_NB) === 0) return
  throw new TcpconnError('E_BUSY_TRACE', {
    what: `cannot record into ${path}`,
    reason: 'another process is recording into it',
    hint: 'name another file, or stop the other recording first',
  })
}

/**
 * Nobody else may keep the file that command lines and names go to. Root may write anything: what is read-only was made so
 * by somebody who meant it.
 * @throws E_CANNOT_OPEN
 */
export function requireOwnFile({ fd, path, isNew }: OutputFile): void {
  const stat = fstatSync(fd)
  if (stat.uid !== process.geteuid?.()) {
    throw new TcpconnError('E_CANNOT_OPEN', {
      what: `cannot record into ${path}`,
      reason: 'it belongs to another user',
      hint: 'name another file, or record as the user whom it belongs to',
    })
  }
  if (!isNew && isReadOnly(stat)) throw readOnly(path)
}

/** Of this user's own, but not to be written. */
function isReadOnly(stat: Stats | undefined): boolean {
  return stat !== undefined && stat.uid === process.geteuid?.() && (stat.mode & OWNER_WRITE) === 0
}

function readOnly(path: string): TcpconnError {
  return new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot record into ${path}`,
    reason: 'it is read-only',
    hint: `name another file, or allow writing: chmod u+w ${path}`,
  })
}

/** Whether its name still leads to it, as far as this user can see. */
export function isNamed({ fd, path }: Pick<OutputFile, 'fd' | 'path'>): boolean {
  try {
    const [held, named] = [fstatSync(fd), lstatSync(path, { throwIfNoEntry: false })]
    return named?.dev === held.dev && named.ino === held.ino
  } catch {
    return true
  }
}

/** SQLite opens by name: the file that it got must be the one that was checked, not one planted in between. */
export function requireSameFile({ fd, path }: OutputFile): void {
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
