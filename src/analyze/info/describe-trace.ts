import { statSync } from 'node:fs'
import { findDamage } from '../../store/find-damage.js'
import { openTrace } from '../../store/open-trace.js'
import { closeLeftTrace, describeMissingLog } from '../../store/left-log.js'
import { formatBytes, formatPlural } from '../../text/format-number.js'
import { safeText } from '../../text/safe-text.js'
import { readBatchFacts } from '../scan/batch-facts.js'
import { describeSession } from './describe-session.js'
import { readSessions } from './read-sessions.js'

/** The lines of `tcpconn info`. */
export function describeTrace(path: string): string[] {
  closeLeftTrace(path)
  const missingLog = describeMissingLog(path)
  const db = openTrace(path)
  try {
    // Reads one state of the file, also during recording.
    db.exec('BEGIN')
    const sessions = readSessions(db)
    const { attempts } = readBatchFacts(
      db,
      sessions.map((session) => session.session_id),
    )
    const counts = `${formatPlural(sessions.length, 'session')}, ${formatPlural(attempts, 'attempt')}`
    return [
      `${safeText(path)}: ${counts}, ${formatBytes(sizeOf(path))}`,
      ...(missingLog === null ? [] : [missingLog]),
      ...sessions.flatMap((session) => describeSession(db, session, session === sessions.at(-1))),
    ]
  } catch (error) {
    throw findDamage([path], error)
  } finally {
    db.close()
  }
}

/** Size on disk, including the write-ahead log. */
function sizeOf(path: string): number {
  return statSync(path).size + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0)
}
