import { lstatSync, rmSync, statSync, type Stats } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'

const SUFFIXES = ['-wal', '-shm', '-journal'] as const

/**
 * SQLite reads and writes the side files of a trace (log, index and journal), even if another user planted them. Side
 * files of a killed recorder belong to its user and stay usable.
 * @throws E_SYMLINK or E_CANNOT_OPEN for one that is not a regular file of this user with one hard link
 */
export function requireOwnSideFiles(path: string): void {
  for (const suffix of SUFFIXES) {
    const sideFile = `${path}${suffix}`
    const stat = lstatSync(sideFile, { throwIfNoEntry: false })
    const problem = stat && problemOf(stat)
    if (problem) throw refusedSideFile(path, stat.isSymbolicLink() ? 'E_SYMLINK' : 'E_CANNOT_OPEN', sideFile, problem)
  }
}

/**
 * A log next to an empty file belongs to another trace, which was moved away, perhaps while being recorded. SQLite
 * would remove the log.
 * @throws E_CANNOT_OPEN
 */
export function requireNoStrayLog(path: string): void {
  const log = `${path}-wal`
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) === 0) return
  throw new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot record into ${path}`,
    reason: `${log} exists; it is the log of another trace that had this name`,
    hint: `stop the recording of that trace, or rename the trace back; if the trace is gone, remove ${log}`,
  })
}

/** Call while no SQLite connection has the trace open. */
export function removeSideFiles(path: string): void {
  for (const suffix of SUFFIXES) rmSync(`${path}${suffix}`, { force: true })
}

function problemOf(stat: Stats): string | null {
  if (stat.isSymbolicLink()) return 'is a symbolic link, which record never follows'
  if (!stat.isFile()) return 'is not a regular file'
  if (stat.uid !== process.geteuid?.()) return 'belongs to another user'
  return stat.nlink > 1 ? 'has another hard link' : null
}

function refusedSideFile(path: string, code: string, sideFile: string, problem: string): TcpconnError {
  return new TcpconnError(code, {
    what: `cannot record into ${path}`,
    reason: `SQLite would write into ${sideFile}, which ${problem}`,
    hint: `remove ${sideFile}, or name another file`,
  })
}
