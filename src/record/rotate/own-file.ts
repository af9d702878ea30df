import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { requireTraceHeader } from '../../store/check-trace.js'
import { openTrace } from '../../store/open-trace.js'
import { isInWalMode } from '../../store/wal-mode.js'
import { flock } from '../probe/libc.js'
import { asksToRotate } from './command-words.js'
import type { FileNames } from './file-names.js'

const LOCK_SH_NB = 1 | 4
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
const NS_PER_SECOND = 1_000_000_000n

/** A file that a recording of this host made by itself, and that nobody records into. */
export interface OwnFile {
  readonly bytes: number
  readonly endedMs: number
  /** Its recorder was killed, or somebody read it when it was closed. */
  readonly isUnclosed: boolean
  /** Its recorder was killed while it was made: there is not even a session in it. */
  readonly isStillborn: boolean
}

/**
 * Looks at a file that has a name of ours. A name can be given to anything: it is ours if it is a plain file of this user
 * with this one name, a trace with one session, by `record --rotate`, of this host, which began in the second of the name.
 * @returns `null` for anything else, and while somebody records into it
 */
export function findOwnFile(names: FileNames, name: string): OwnFile | null {
  const path = join(names.directory, name)
  let fd = -1
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.uid !== process.geteuid?.() || stat.nlink !== 1 || stat.size === 0) return null
    // A recorder holds an exclusive lock for as long as it has the file.
    if (flock(fd, LOCK_SH_NB) !== 0) return null
    requireTraceHeader(fd, path)
    const sessions = readSessions(path)
    const isStillborn = sessions.length === 0
    if (!isStillborn && !isOfRotation(sessions, names.secondOf(name))) return null
    return { bytes: stat.size, endedMs: stat.mtimeMs, isUnclosed: isInWalMode(fd), isStillborn }
  } catch {
    // Gone by now, not to be read, damaged, or no trace at all.
    return null
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

/** Host, command line and beginning in Unix ns. */
type SessionMark = readonly [string, string, bigint]

function isOfRotation(sessions: readonly SessionMark[], second: number | null): boolean {
  const [[host, commandLine, startedNs] = ['', '', 0n]] = sessions
  const began = Number(startedNs / NS_PER_SECOND)
  return sessions.length === 1 && host === hostname() && began === second && asksToRotate(commandLine)
}

/** Of the first two sessions. */
function readSessions(path: string): SessionMark[] {
  const db = openTrace(path)
  try {
    const select = db.prepare('SELECT host, command_line, started_unix_ns FROM session LIMIT 2')
    return select.raw().safeIntegers().all() as SessionMark[]
  } finally {
    db.close()
  }
}
