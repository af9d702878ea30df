import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'
import { isInWalMode } from '../../store/wal-mode.js'
import { flock, LOCK_NOW } from '../native/libc.js'
import { isReadOnly, openError, readOnly } from './open-error.js'

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_CLOEXEC, O_NONBLOCK } = constants as typeof constants & {
  O_CLOEXEC: number
}
const FLAGS = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK

/** A locked output file. The descriptor holds the lock, so it stays open while SQLite has the file open. */
export interface LockedOutput {
  readonly fd: number
  readonly path: string
  /** Created by this call. */
  readonly isNew: boolean
  /** Permissions before the call. */
  readonly mode: number
  /** Whether it was in WAL mode, as after a kill of the recorder. */
  readonly isWal: boolean
}

/** Which files are accepted: any, only a new one (`isTaken` detects the error otherwise), or only an existing one. */
export type OpenMode = 'any' | 'new' | 'present'

/**
 * Opens or creates a file, mode 0600. Never follows a symbolic link in the last component.
 * @throws E_CANNOT_OPEN, E_SYMLINK, E_DISK_FULL, E_BUSY_TRACE
 */
export function openLockedOutput(path: string, mode: OpenMode = 'any'): LockedOutput {
  const { fd, wasMade } = openOrMake(path, mode)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw openError(path, Object.assign(new Error('it is not a regular file'), { code: 'ENOTREG' }))
    lock(fd, path)
    // Another recorder may have used it between creation and lock.
    const isNew = wasMade && fstatSync(fd).size === 0
    return { fd, path, isNew, mode: stat.mode & 0o7777, isWal: isInWalMode(fd) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Whether creation failed because the name is taken. */
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
 * The file contains private command lines and names, so no other user may own it. Root can write read-only files, but
 * their owner made them read-only on purpose.
 * @throws E_CANNOT_OPEN
 */
export function requireOwnFile({ fd, path, isNew }: LockedOutput): void {
  const stat = fstatSync(fd)
  if (stat.uid !== process.geteuid?.()) {
    throw new TcpconnError('E_CANNOT_OPEN', {
      what: `cannot record into ${path}`,
      reason: 'it belongs to another user',
      hint: 'name another file, or record as its owner',
    })
  }
  if (!isNew && isReadOnly(stat)) throw readOnly(path)
}

/** Whether its name still leads to it, as far as this user can see. */
export function isNamed({ fd, path }: Pick<LockedOutput, 'fd' | 'path'>): boolean {
  try {
    const [held, named] = [fstatSync(fd), lstatSync(path, { throwIfNoEntry: false })]
    return named?.dev === held.dev && named.ino === held.ino
  } catch {
    return true
  }
}

/** SQLite opens by name: its file must be the checked one, not one planted in between. */
export function requireSameFile({ fd, path }: Pick<LockedOutput, 'fd' | 'path'>): void {
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
