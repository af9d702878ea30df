import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { TcpconnError, messageOf } from '../../base/errors.js'
import { cannotOpen, NO_SHARED_MEMORY, withoutSharedMemory } from '../../store/check-trace.js'

/** Size of the first pages of a write-ahead log and its index. */
const ROOM_BYTES = 65536

/** The error for a failure before anything is recorded; bugs are returned unchanged. */
export function startFault(path: string, cause: unknown): unknown {
  if (isDiskFull(path, codeOf(cause))) return fullDisk(path, cause)
  if (codeOf(cause) === NO_SHARED_MEMORY) {
    return withoutSharedMemory(path, cause, {
      what: `cannot record into ${path}`,
      hint: 'record to a local file system, for example /var/tmp/trace.db, and move the file after the recording',
    })
  }
  return codeOf(cause) === '' ? cause : cannotOpen(path, cause)
}

/** The error for a disk without space for a new trace. */
export function fullDisk(path: string, cause: unknown): TcpconnError {
  return new TcpconnError('E_DISK_FULL', {
    what: `cannot record into ${path}`,
    reason: 'the disk is full; nothing was recorded',
    hint: 'free some space, or name a file on another disk',
    cause,
  })
}

/** The error for an SQLite error during a recording. Committed data is in the file. */
export function writeFault(path: string, cause: unknown): unknown {
  const code = codeOf(cause)
  const kept = 'all batches written before are in the file'
  // On a full disk the log often cannot be checkpointed into the trace.
  const log = `keep ${path}-wal with it if it exists: it is part of the trace`
  if (isDiskFull(path, code)) {
    return new TcpconnError('E_DISK_FULL', {
      what: `recording into ${path} stopped: the disk is full`,
      reason: `${messageOf(cause)}; ${kept}`,
      hint: `free some space, then record again into the same file; tcpconn info ${path} shows the recorded attempts; ${log}`,
      cause,
    })
  }
  if (code.startsWith('SQLITE_BUSY')) return lockedTrace(path, cause)
  if (!code.startsWith('SQLITE_')) return cause
  return new TcpconnError('E_WRITE', {
    what: `recording into ${path} stopped: a write failed`,
    reason: `${messageOf(cause)} (${code}); ${kept}`,
    hint: `check the file system, then record again; tcpconn info ${path} shows the recorded attempts; ${log}`,
    cause,
  })
}

/** The error for a file that another program keeps locked at the end of a recording. */
export function lockedTrace(path: string, cause?: unknown): TcpconnError {
  return new TcpconnError('E_LOCKED_TRACE', {
    what: `the last attempts could not be written into ${path}`,
    reason: 'another program held a lock on it for 5 s',
    hint: 'stop that program; all batches written before are in the file',
    cause,
  })
}

function codeOf(thrown: unknown): string {
  return (thrown as { code?: string }).code ?? ''
}

/** For the log index, and for files that cannot be created, SQLite returns errors other than SQLITE_FULL. */
function isDiskFull(path: string, code: string): boolean {
  if (code === 'SQLITE_FULL') return true
  return /^SQLITE_(IOERR|CANTOPEN)/.test(code) && hasNoRoom(dirname(path))
}

function hasNoRoom(directory: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(directory)
    // Some file systems do not count files.
    return bavail * bsize < ROOM_BYTES || (files > 0 && ffree === 0)
  } catch {
    return false
  }
}

/** Whether SQLite failed because another program holds a lock on the file. */
export function isLocked(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') ?? false
}
