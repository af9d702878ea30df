import { lstatSync, rmSync, statSync, type Stats } from 'node:fs'
import { TcpconnError } from '../../errors.js'

const SUFFIXES = ['-wal', '-shm', '-journal'] as const

/**
 * SQLite reads and writes what stands beside a trace under its names for log, index and journal, whoever put it there.
 * Those of a recorder that was killed are its user's own, and go on working.
 * @throws E_SYMLINK or E_CANNOT_OPEN for one that is not a plain file of this user with no other name
 */
export function requireOwnSiblings(path: string): void {
  for (const suffix of SUFFIXES) {
    const sibling = `${path}${suffix}`
    const stat = lstatSync(sibling, { throwIfNoEntry: false })
    const problem = stat && problemOf(stat)
    if (problem) throw refusedSibling(path, stat.isSymbolicLink() ? 'E_SYMLINK' : 'E_CANNOT_OPEN', sibling, problem)
  }
}

/**
 * A log beside an empty file is not its own, and SQLite would remove it: a trace was moved away from it, perhaps one that is
 * being recorded.
 * @throws E_CANNOT_OPEN
 */
export function requireNoStrayLog(path: string): void {
  const log = `${path}-wal`
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) === 0) return
  throw new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot record into ${path}`,
    reason: `${log} is there, the log of a trace that had this name`,
    hint: `end its recording, or give that trace this name again; if it is gone, remove ${log}`,
  })
}

/** To be called when no SQLite has the trace open. */
export function removeSiblings(path: string): void {
  for (const suffix of SUFFIXES) rmSync(`${path}${suffix}`, { force: true })
}

function problemOf(stat: Stats): string | null {
  if (stat.isSymbolicLink()) return 'is a symbolic link, which record never follows'
  if (!stat.isFile()) return 'is not a regular file'
  if (stat.uid !== process.geteuid?.()) return 'belongs to another user'
  return stat.nlink > 1 ? 'is a file with another name too' : null
}

function refusedSibling(path: string, code: string, sibling: string, problem: string): TcpconnError {
  return new TcpconnError(code, {
    what: `cannot record into ${path}`,
    reason: `SQLite would write into ${sibling}, which ${problem}`,
    hint: `remove ${sibling}, or name another file`,
  })
}
