import { fstatSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { requireTraceHeader } from '../../store/check-trace.js'
import { openTrace } from '../../store/open-trace.js'
import { isInWalMode } from '../../store/wal-mode.js'
import { isNamed } from '../session/output-file.js'
import { rollBack } from '../session/roll-back.js'
import { asksToRotate } from './command-words.js'
import type { FileNames } from './file-names.js'
import { holdPlainFile } from './plain-file.js'

const NS_PER_SECOND = 1_000_000_000n

/** A file that a recording of this host made by itself, and that nobody records into. */
export interface OwnFile {
  /** With the log that an unclosed one has beside it */
  readonly bytes: number
  /** When it or its log was last written, Unix time */
  readonly endedMs: number
  /** Its recorder was killed, or somebody read it when it was closed. */
  readonly isUnclosed: boolean
  /** Its recorder was killed while it was made: there is not even a session in it. */
  readonly isStillborn: boolean
}

/**
 * Looks at a file that has a name of ours. A name can be given to anything: it is ours if it is a plain file of this user
 * with this one name, a trace with one session, by `record --rotate`, of this host, which began in the second of the name.
 * @returns `null` for anything else
 * @throws for what may be over at the next look: it is locked, gone, or cannot be read
 */
export function findOwnFile(names: FileNames, name: string): OwnFile | null {
  const path = join(names.directory, name)
  return holdPlainFile(path, 'shared', (fd) => examine(fd, path, names.secondOf(name)))
}

/**
 * Removes a file if it is still ours, while nobody can begin to record into it. A closed trace is one file; what SQLite may
 * have left beside one is of no use without it.
 * @throws as `findOwnFile`, and when it cannot be removed
 */
export function removeOwnFile(names: FileNames, name: string): void {
  const path = join(names.directory, name)
  holdPlainFile(path, 'exclusive', (fd) => {
    if (examine(fd, path, names.secondOf(name)) === null || !isNamed({ fd, path })) return
    rmSync(path)
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  })
}

/**
 * Takes back a step that a kill cut off in a file with a name of ours: before that nobody can read whose it is. Only a trace
 * of this user is touched, and as any program would that opens it.
 * @throws as `findOwnFile`, and what SQLite throws
 */
export function settleFile(names: FileNames, name: string): void {
  const path = join(names.directory, name)
  holdPlainFile(path, 'exclusive', (fd) => {
    requireTraceHeader(fd, path)
    rollBack(fd, path)
  })
}

function examine(fd: number, path: string, second: number | null): OwnFile | null {
  requireTraceHeader(fd, path)
  const { size, mtimeMs } = fstatSync(fd)
  // In WAL mode the file itself is only written now and then.
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const sessions = readSessions(path)
  const isStillborn = sessions.length === 0
  if (!isStillborn && !isOfRotation(sessions, second)) return null
  return {
    bytes: size + (log?.size ?? 0),
    endedMs: Math.max(mtimeMs, log?.mtimeMs ?? 0),
    isUnclosed: isInWalMode(fd),
    isStillborn,
  }
}

/** Host, command line and beginning in Unix ns. */
type SessionMark = readonly [string, string, bigint]

function isOfRotation(sessions: readonly SessionMark[], second: number | null): boolean {
  const [[host, commandLine, startedNs] = ['', '', 0n]] = sessions
  const began = Number(startedNs / NS_PER_SECOND)
  return sessions.length === 1 && host === hostname() && began === second && asksToRotate(commandLine)
}

/** Of the first two sessions. Attempts stay in the ring meanwhile, so that no lock is waited for. */
function readSessions(path: string): SessionMark[] {
  const db = openTrace(path, 0)
  try {
    const select = db.prepare('SELECT host, command_line, started_unix_ns FROM session LIMIT 2')
    return select.raw().safeIntegers().all() as SessionMark[]
  } finally {
    db.close()
  }
}
