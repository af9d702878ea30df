import { createHash } from 'node:crypto'
import { hasFilters } from '../scan/attempt-filters.js'
import { readClockSegments } from '../scan/clock-segments.js'
import { remoteSession, type Scope, type SessionPart } from '../scan/scope.js'
import { readSessionKey } from './rows/session-key.js'

/** Names the files with attempts of one session. */
export interface PartName {
  /** UUID of the session */
  readonly session: string
  /** @param lastId `null`: not known yet */
  file(firstId: number, lastId: number | null): string
}

/**
 * Files are named after their contents, `SESSION-FIRST-LAST.parquet` with ids of attempts: other sessions, hosts and times have
 * other names and can be in the same directory. If filters or times leave out attempts of the session, the same ids stand for other
 * attempts, so a hash of the selection follows.
 */
export function createPartName({ filters }: Scope, part: SessionPart): PartName {
  const session = readSessionKey(part).uuid
  const offset = remoteSession(part)?.attemptIdOffset ?? 0
  const segments = textOf(part.segments)
  const isWhole = !hasFilters(filters) && segments === textOf(readClockSegments(part.trace.db, part.sessionId))
  const selected = createHash('sha256')
    .update(textOf([filters, segments]))
    .digest('hex')
    .slice(0, 12)
  return {
    session,
    file(firstId, lastId) {
      const [first, last] = [firstId + offset, (lastId ?? 0) + offset]
      const ids = lastId === null ? first : `${first}-${last}`
      return `${session}-${ids}${isWhole ? '' : `-${selected}`}.parquet`
    },
  }
}

/** JSON has no infinite numbers and no bigints. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'bigint' || one === Infinity || one === -Infinity ? String(one) : one,
  )
}
