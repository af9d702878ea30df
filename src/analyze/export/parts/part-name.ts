import { createHash } from 'node:crypto'
import type { AttemptFilters } from '../../scan/attempt-filters.js'
import type { ClockSegment } from '../../scan/clock-segments.js'
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
  const selected = hashSelection(scope.filters, part.segments)
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

/**
 * A hash of what was selected. It is in the names of files that are already in archives: it depends on the filters that are set and
 * on their names, but not on the order in which the program has them, nor on filters that are added later.
 */
function hashSelection(filters: AttemptFilters, segments: readonly ClockSegment[]): string {
  const isSet = (value: unknown) => value !== null && value !== 0 && !(Array.isArray(value) && value.length === 0)
  const names = (Object.keys(filters) as (keyof AttemptFilters)[]).filter((name) => isSet(filters[name])).toSorted()
  const selected = names.map((name) => [name, [filters[name]].flat().map(canonicalText).toSorted()])
  const times = segments.map(({ fromNs, toNs, unixOffsetNs }) => [fromNs, toNs, unixOffsetNs].map(String))
  return createHash('sha256')
    .update(JSON.stringify([selected, times]))
    .digest('hex')
    .slice(0, 12)
}

/** The value of a filter, with its properties in the order of their names. */
function canonicalText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(entries.map(([name, one]) => [name, canonicalText(one)]))
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
