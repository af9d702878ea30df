import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { TcpconnError, messageOf } from '../../errors.js'
import { cannotOpen } from '../../store/check-trace.js'

/** What the first pages of a write-ahead log and its index take. */
const ROOM_BYTES = 65536

/** The error for what was thrown before anything was recorded; a bug of ours stays as it is. */
export function startFault(path: string, cause: unknown): unknown {
  if (isDiskFull(path, codeOf(cause))) return fullDisk(path, cause)
  return codeOf(cause) === '' ? cause : cannotOpen(path, cause)
}

/** The error for a disk without room for a trace's beginning. */
export function fullDisk(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_DISK_FULL', {
    what: `cannot record into ${path}`,
    reason: 'the disk is full; nothing was recorded',
    hint: 'free some space, or name a file on another disk',
    cause,
  })
}

/** The error for what SQLite threw while a recording ran. What was committed before is in the file. */
export function writeFault(path: string, cause: unknown): unknown {
  const code = codeOf(cause)
  const kept = 'every batch that was written before is in the file'
  // On a full disk the log can often not be written back into the trace.
  const log = `keep ${path}-wal beside it, if it is there: it is a part of the trace`
  if (isDiskFull(path, code)) {
    return new TcpconnError('E_DISK_FULL', {
      what: `recording into ${path} stopped: the disk is full`,
      reason: `${messageOf(cause)}; ${kept}`,
      hint: `free some space, then record again into the same file; tcpconn info ${path} shows what was kept; ${log}`,
      cause,
    })
  }
  if (code.startsWith('SQLITE_BUSY')) return lockedTrace(path, cause)
  if (!code.startsWith('SQLITE_')) return cause
  return new TcpconnError('E_WRITE', {
    what: `recording into ${path} stopped: it cannot be written any more`,
    reason: `${messageOf(cause)} (${code}); ${kept}`,
    hint: `check the file system, then record again; tcpconn info ${path} shows what was kept; ${log}`,
    cause,
  })
}

/** The error for a file that somebody else holds locked while a recording ends. */
export function lockedTrace(path: string, cause?: unknown): TcpconnError {
  return new TcpconnError('E_LOCKED_TRACE', {
    what: `the last attempts could not be written into ${path}`,
    reason: 'another program has held it locked for 5 s',
    hint: 'end that program; all that was written before is in the file',
    cause,
  })
}

function codeOf(thrown: unknown): string {
  return (thrown as { code?: string }).code ?? ''
}

/** For the index of the log, and for files that it cannot make, SQLite gives other errors than SQLITE_FULL. */
function isDiskFull(path: string, code: string): boolean {
  if (code === 'SQLITE_FULL') return true
  return /^SQLITE_(IOERR|CANTOPEN)/.test(code) && hasNoRoom(dirname(path))
}

function hasNoRoom(directory: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(directory)
    // Some file systems count no files.
    return bavail * bsize < ROOM_BYTES || (files > 0 && ffree === 0)
  } catch {
    return false
  }
}
