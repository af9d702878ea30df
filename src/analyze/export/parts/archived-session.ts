import { LOSS_COLUMNS } from '../../../attempt/loss-causes.js'
import type { Database } from 'better-sqlite3'
import { hasFilters } from '../../scan/attempt-filters.js'
import { readClockSegments } from '../../scan/clock-segments.js'
import { boundedText } from '../../scan/row-reader.js'
import { remoteSession, type Scope, type SessionPart } from '../../scan/scope.js'
import { readSessionKey } from '../rows/session-key.js'

/** Key of the metadata of a file of a partitioned data set, with its `ArchivedSession`s as JSON. */
export const ARCHIVE_KEY = 'tcpconn.archive'
export const ARCHIVE_VERSION = 1

/** What a data set has of a session besides its attempts. Integers that a double may round are texts. */
export interface ArchivedSession {
  readonly host: string
  readonly session_uuid: string
  /** In the trace that was exported */
  readonly session_id: number
  /** Of all recorded attempts, whether they were exported or not. Their ids follow each other. */
  readonly first_attempt_id: number
  readonly attempts: number
  readonly min_started_ns: number | null
  readonly max_started_ns: number | null
  readonly written_ns: number
  /** In the order of `LOSS_COLUMNS` */
  readonly lost: readonly number[]
  /** Whether attempts were left out by filters or times */
  readonly is_selection: boolean
  readonly clock_offsets: readonly (readonly [sinceNs: number, unixOffsetNs: string])[]
  /** The row of the table `session` */
  readonly row: Readonly<Record<string, string | number | null>>
}

const MAX_TEXT_BYTES = 1 << 16

/** The sessions of a scope as JSON, for the metadata of each of its files. */
export function describeArchive(scope: Scope): string {
  const sessions = scope.parts.map((part) => describeSession(scope, part))
  return JSON.stringify({ version: ARCHIVE_VERSION, sessions })
}

/** Whether a scope has all attempts of a session. */
export function isWholePart({ filters }: Pick<Scope, 'filters'>, part: SessionPart): boolean {
  const whole = readClockSegments(part.trace.db, part.sessionId)
  const isSame = part.segments.every(({ fromNs, toNs }, i) => fromNs === whole[i]?.fromNs && toNs === whole[i].toNs)
  return !hasFilters(filters) && isSame && part.segments.length === whole.length
}

/** Whether the recording of a session was over when its trace was exported. An unclean shutdown has no end. */
export function hasEnd({ trace, sessionId }: SessionPart): boolean {
  const find = trace.db.prepare('SELECT duration_ns IS NOT NULL FROM session WHERE session_id = ?').pluck()
  return Number(find.get(sessionId)) === 1
}

function describeSession(scope: Scope, part: SessionPart): ArchivedSession {
  const { trace, sessionId, host } = part
  const remote = remoteSession(part)
  const sums = readBatchSums(trace.db, sessionId)
  return {
    host,
    session_uuid: readSessionKey(part).uuid,
    session_id: remote?.sessionId ?? sessionId,
    first_attempt_id: sums.first + (remote?.attemptIdOffset ?? 0),
    attempts: sums.attempts,
    min_started_ns: sums.min,
    max_started_ns: sums.max,
    written_ns: sums.written,
    lost: sums.lost,
    is_selection: !isWholePart(scope, part),
    clock_offsets: readClockSegments(trace.db, sessionId).map(({ fromNs, unixOffsetNs }) => [
      Math.max(fromNs, 0),
      String(unixOffsetNs),
    ]),
    row: readRow(trace.db, sessionId),
  }
}

function readBatchSums(db: Database, sessionId: number) {
  const sums = LOSS_COLUMNS.map((column) => `total(${column})`)
  const row = db
    .prepare(
      `SELECT min(CASE WHEN attempt_count > 0 THEN first_attempt_id END), total(attempt_count), min(min_started_ns),
        max(max_started_ns), max(written_ns), ${sums.join(', ')} FROM batch WHERE session_id = ?`,
    )
    .raw()
    .safeIntegers(false)
    .get(sessionId) as (number | null)[]
  const [first, attempts, min = null, max = null, written, ...lost] = row
  return { first: first ?? 1, attempts: attempts ?? 0, min, max, written: written ?? 0, lost: lost.map(Number) }
}

function readRow(db: Database, sessionId: number): ArchivedSession['row'] {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all('session') as string[]
  const wanted = columns.filter((name) => name !== 'session_id' && name !== 'host')
  const texts = wanted.map((name) => boundedText(name, MAX_TEXT_BYTES))
  const find = db
    .prepare(`SELECT ${texts.join(', ')} FROM session WHERE session_id = ?`)
    .raw()
    .safeIntegers()
  const values = find.get(sessionId) as (bigint | string | null)[]
  return Object.fromEntries(wanted.map((name, i) => [name, plainValue(values[i] ?? null)]))
}

function plainValue(value: bigint | string | null): string | number | null {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
