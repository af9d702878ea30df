import { fstatSync, rmSync, statSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { requireTraceHeader } from '../../store/check-trace.js'
import { openTrace } from '../../store/open-trace.js'
import { isInWalMode } from '../../store/wal-mode.js'
import { isNamed } from '../output/locked-output.js'
import { recoverHotJournal } from '../output/recover-hot-journal.js'
import type { FileNames } from './file-names.js'
import { lockRegularFile } from './lock-regular-file.js'

const NS_PER_SECOND = 1_000_000_000n

/** A file that a recording of this host created and that no process records into. */
export interface OwnFile {
  /** Including the log of an unclosed file */
  readonly bytes: number
  /** Last write to the file or its log, Unix time */
  readonly endedMs: number
  /** Its recorder was killed, or another program read the file when it was closed. */
  readonly isUnclosed: boolean
  /** Its recorder was killed during creation: it contains no session. */
  readonly isStillborn: boolean
}

/**
 * Inspects a file with a name of this recording. The name alone proves nothing: the file must be a regular file of this
 * user with one hard link, and a trace with one session, with the base and host of this recording and the start second
 * of the name.
 * @returns `null` for other files
 * @throws for temporary conditions: locked, removed, or unreadable
 */
export function findOwnFile(names: FileNames, name: string): OwnFile | null {
  const path = join(names.directory, name)
  return lockRegularFile(path, 'shared', (fd) => examine(fd, path, names, name))
}

/**
 * Removes a file of this recording, while no process can start to record into it. A closed trace is one file; remaining
 * side files are useless without it.
 * @throws as `findOwnFile`, and if it cannot be removed
 */
export function removeOwnFile(names: FileNames, name: string): void {
  const path = join(names.directory, name)
  lockRegularFile(path, 'exclusive', (fd) => {
    if (examine(fd, path, names, name) === null || !isNamed({ fd, path })) return
    rmSync(path)
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  })
}

/**
 * Recovers the hot journal of a file with a name of this recording, which is required before reading its session.
 * Changes only traces of this user, and only as any program does that opens them.
 * @throws as `findOwnFile`, and errors of SQLite
 */
export function settleFile(names: FileNames, name: string): void {
  const path = join(names.directory, name)
  lockRegularFile(path, 'exclusive', (fd) => {
    requireTraceHeader(fd, path)
    recoverHotJournal(fd, path)
  })
}

function examine(fd: number, path: string, names: FileNames, name: string): OwnFile | null {
  requireTraceHeader(fd, path)
  const { size, mtimeMs } = fstatSync(fd)
  // In WAL mode the file itself is written only at checkpoints.
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const sessions = readSessions(path)
  const isStillborn = sessions.length === 0
  if (!isStillborn && !isOfRotation(sessions, names, names.secondOf(name))) return null
  return {
    bytes: size + (log?.size ?? 0),
    endedMs: Math.max(mtimeMs, log?.mtimeMs ?? 0),
    isUnclosed: isInWalMode(fd),
    isStillborn,
  }
}

/** Host, base and start in Unix ns. */
type SessionMark = readonly [host: string, base: string | null, startedNs: bigint]

function isOfRotation(sessions: readonly SessionMark[], own: FileNames, second: number | null): boolean {
  const [[host, base, startedNs] = ['', null, 0n]] = sessions
  const began = Number(startedNs / NS_PER_SECOND)
  return sessions.length === 1 && host === own.host && base === own.base && began === second
}

/** The first two sessions. Waits for no lock, because attempts stay in the ring meanwhile. */
function readSessions(path: string): SessionMark[] {
  const db = openTrace(path, 0)
  try {
    const select = db.prepare('SELECT host, rotation_base, started_unix_ns FROM session LIMIT 2')
    return select.raw().safeIntegers().all() as SessionMark[]
  } finally {
    db.close()
  }
}

/** Cache of inspected files: unchanged files are not opened again. */
export interface KnownFiles {
  /** Like `findOwnFile`; also `null` for a file that cannot be inspected now: the next call tries again. */
  look(name: string): OwnFile | null
  keepOnly(names: readonly string[]): void
}

export function createKnownFiles(names: FileNames): KnownFiles {
  const known = new Map<string, { readonly mark: string; readonly file: OwnFile | null }>()
  return {
    look(name) {
      const stat = lstatSync(join(names.directory, name), { throwIfNoEntry: false, bigint: true })
      const mark = `${stat?.dev} ${stat?.ino} ${stat?.ctimeNs}`
      const before = known.get(name)
      if (before?.mark === mark && !before.file?.isUnclosed) return before.file
      known.delete(name)
      try {
        const file = findOwnFile(names, name)
        known.set(name, { mark, file })
        return file
      } catch {
        return null
      }
    },
    keepOnly(candidates) {
      const present = new Set(candidates)
      for (const name of known.keys()) if (!present.has(name)) known.delete(name)
    },
  }
}
