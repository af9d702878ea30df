import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { TcpconnError } from '../../errors.js'
import { isInWalMode } from '../../store/wal-mode.js'
import { flock, LOCK_NOW } from '../probe/libc.js'
import { isReadOnly, openError, readOnly } from './open-error.js'

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_CLOEXEC, O_NONBLOCK } = constants as typeof constants & {
  O_CLOEXEC: number
}
const FLAGS = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK

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
 * Whether a file that is there is recorded into as well, or only a new one, of which `isTaken` tells the error, or only one
 * that is there.
 */
export type OpenMode = 'any' | 'new' | 'present'

/**
 * Opens or makes a file, mode 0600. Never follows a symbolic link in the last component.
 * @throws E_CANNOT_OPEN, E_SYMLINK, E_DISK_FULL, E_BUSY_TRACE
 */
export function openOutputFile(path: string, mode: OpenMode = 'any'): OutputFile {
  const { fd, wasMade } = openOrMake(path, mode)
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

/** Whether a new file was not made because its name is taken. */
export function isTaken(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EEXIST'
}

function openOrMake(path: string, mode: OpenMode): { fd: number; wasMade: boolean } {
  try {
    if (mode !== 'present') return { fd: openSync(path, FLAGS | O_CREAT | O_EXCL, 0o600), wasMade: true }
  } catch (cause) {
    if (mode === 'new' || (cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw openError(path, cause as NodeJS.ErrnoException)
  }
  try {
    return { fd: openSync(path, FLAGS), wasMade: false }
  } catch (cause) {
    throw openError(path, cause as NodeJS.ErrnoException)
  }
}

function lock(fd: number, path: string): void {
  if (flock(fd, LOCK_NOW.exclusive) === 0) return
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
export function requireSameFile({ fd, path }: Pick<OutputFile, 'fd' | 'path'>): void {
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
