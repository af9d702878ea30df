import { sql } from 'kysely'
import { UsageError } from '../../base/errors.js'
import { parseDuration } from '../../options/parse-duration.js'
import { clipSegments, readClockSegments } from '../scan/clock-segments.js'
import { createQuery, queries } from '../scan/query-builder.js'
import { boundedText } from '../scan/row-reader.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { selectSessions } from '../scan/select-sessions.js'
import { readDurationNs } from '../scan/batch-facts.js'
import type { Trace } from '../scan/trace.js'
import type { RawFilters } from '../../options/filters.js'
import { parseTraceFilters } from './parse-trace-filters.js'
import { parseTime, type TraceSpan } from './parse-time.js'

/** Options that select attempts, as typed. */
export interface RawScope extends RawFilters {
  readonly session?: string
  readonly since?: string
  readonly until?: string
  readonly last?: string
  readonly exact?: boolean
}

/**
 * Selects sessions, times and attempts by the options.
 * @throws UsageError, E_NO_SESSION for a trace without a session
 */
export function selectScope(traces: readonly Trace[], raw: RawScope): Scope {
  const filters = parseTraceFilters(raw)
  const parts = traces.flatMap((trace) => selectSessions(trace.db, raw.session).map((id) => wholePart(trace, id)))
  const { since, until } = parseTimes(raw, () => spanOf(parts))
  const clip = (part: SessionPart) => ({ ...part, segments: clipSegments(part.segments, since, until) })
  return { parts: parts.map(clip), filters, isExact: raw.exact ?? false }
}

const readHost = createQuery((sessionId: number) =>
  queries
    .selectFrom('session')
    .select(sql<string>`${sql.raw(boundedText('host'))}`.as('host'))
    .where('session_id', '=', sessionId),
)

function wholePart(trace: Trace, sessionId: number): SessionPart {
  const [session] = readHost(trace.db, sessionId)
  return { trace, sessionId, host: session?.host ?? '', segments: readClockSegments(trace.db, sessionId) }
}

/**
 * The time of the options in Unix ns; `null`: no limit.
 * @param span what relative times refer to
 * @throws UsageError
 */
export function parseTimes(
  raw: Pick<RawScope, 'since' | 'until' | 'last'>,
  span: () => TraceSpan,
): { since: bigint | null; until: bigint | null } {
  if (raw.last !== undefined) {
    if (raw.since !== undefined) throw new UsageError('--last', raw.last, 'no --since beside it: it is one itself')
    const durationNs = parseDuration(raw.last)
    if (durationNs === null || durationNs === 0) throw new UsageError('--last', raw.last, 'a duration like 1h or 10m')
    const { lastUnixNs } = span()
    return { since: lastUnixNs - BigInt(durationNs), until: parseUntil(raw, span) }
  }
  const since = raw.since === undefined ? null : parseTime('--since', raw.since, span())
  const until = parseUntil(raw, span)
  if (since !== null && until !== null && until <= since) {
    throw new UsageError('--until', raw.until ?? '', 'a time after --since')
  }
  return { since, until }
}

function parseUntil(raw: Pick<RawScope, 'until'>, span: () => TraceSpan): bigint | null {
  return raw.until === undefined ? null : parseTime('--until', raw.until, span())
}

/** From the start of the first session to the end of the last one, or its last write if it has no end. */
export function spanOf(parts: readonly SessionPart[]): TraceSpan {
  const spans = parts.map(({ trace, sessionId, segments }) => {
    const endNs = readDurationNs(trace.db, sessionId)
    const offsetAt = (ns: number) => segments.find(({ toNs }) => ns < toNs)?.unixOffsetNs ?? 0n
    return { firstUnixNs: offsetAt(0), lastUnixNs: offsetAt(endNs) + BigInt(Math.round(endNs)) }
  })
  return spans.reduce((all, one) => ({
    firstUnixNs: one.firstUnixNs < all.firstUnixNs ? one.firstUnixNs : all.firstUnixNs,
    lastUnixNs: one.lastUnixNs > all.lastUnixNs ? one.lastUnixNs : all.lastUnixNs,
  }))
}
