import { createHash } from 'node:crypto'
import { remoteSession, type Scope, type SessionPart } from '../../scan/scope.js'
import { readSessionKey } from '../rows/session-key.js'
import { hasEnd, isWholePart } from './archived-session.js'

const UNFINISHED = '-unfinished'

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
 * attempts, so a hash of the selection follows. Files of a session without an end have names of their own: its later state is another
 * file, since nothing is overwritten.
 */
export function createPartName(scope: Scope, part: SessionPart): PartName {
  const session = readSessionKey(part).uuid
  const offset = remoteSession(part)?.attemptIdOffset ?? 0
  const selected = createHash('sha256')
    .update(textOf([scope.filters, textOf(part.segments)]))
    .digest('hex')
    .slice(0, 12)
  const suffix = `${isWholePart(scope, part) ? '' : `-${selected}`}${hasEnd(part) ? '' : UNFINISHED}.parquet`
  return {
    session,
    file(firstId, lastId) {
      const [first, last] = [firstId + offset, (lastId ?? 0) + offset]
      const ids = lastId === null ? first : `${first}-${last}`
      return `${session}-${ids}${suffix}`
    },
  }
}

/** JSON has no infinite numbers and no bigints. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'bigint' || one === Infinity || one === -Infinity ? String(one) : one,
  )
}

const NAME =
  /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(\d{1,15})-(\d{1,15})(-[0-9a-f]{12})?(?:-unfinished)?\.parquet$/

/** What the name of a file says. */
export interface ParsedPartName {
  readonly session: string
  readonly first: number
  readonly last: number
  /** Whether attempts between these ids were left out by filters or times */
  readonly isSelection: boolean
}

/** @returns `null` for the name of another file */
export function parsePartName(name: string): ParsedPartName | null {
  const [, session, first, last, selection] = NAME.exec(name) ?? []
  if (session === undefined) return null
  return { session, first: Number(first), last: Number(last), isSelection: selection !== undefined }
}
