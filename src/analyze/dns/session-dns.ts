import type { Database } from 'better-sqlite3'
import { sql } from 'kysely'
import { formatCount } from '../../show/format-number.js'
import { describeDnsLoss, type DnsLossCounts } from '../../store/dns-loss-text.js'
import { safeText } from '../../show/safe-text.js'
import { describeFilters } from '../trace/filters-text.js'
import { knowsLookups } from '../trace/knows-lookups.js'
import { queries, selectAll } from '../trace/query-builder.js'
import { boundedText } from '../trace/row-reader.js'
import type { SessionPart } from '../trace/scope.js'

/** How a session recorded DNS, and what it lost of it. */
export interface SessionDns extends DnsLossCounts {
  /** `udp`, `libc`; `null`: lookups were not recorded */
  readonly source: string | null
  /** Whether connects that fail before a SYN were recorded */
  readonly hasLocalErrors: boolean
}

const NOT_RECORDED: SessionDns = { source: null, hasLocalErrors: false, lost: 0, malformed: 0, evicted: 0 }

/** What a session's row says; of a trace of an earlier version that nothing was recorded. */
export function readSessionDns(db: Database, sessionId: number): SessionDns {
  if (!knowsLookups(db)) return NOT_RECORDED
  const query = queries
    .selectFrom('session')
    .select(['has_local_errors', 'dns_lost_count', 'dns_malformed_count', 'dns_evicted_count'])
    .select(sql<string | null>`${sql.raw(boundedText('dns_source'))}`.as('dns_source'))
    .where('session_id', '=', sessionId)
  const [row] = selectAll(db, query)
  if (row === undefined) return NOT_RECORDED
  return {
    source: row.dns_source,
    hasLocalErrors: row.has_local_errors === 1,
    lost: row.dns_lost_count,
    malformed: row.dns_malformed_count,
    evicted: row.dns_evicted_count,
  }
}

/** A line for each session of a scope that lost DNS packets or names. */
export function dnsLossLines(parts: readonly SessionPart[]): string[] {
  return parts.flatMap((part) => {
    const loss = describeDnsLoss(readSessionDns(part.trace.db, part.sessionId))
    return loss === null ? [] : [parts.length > 1 ? `${nameSession(part, parts)}: ${loss}` : loss]
  })
}

/**
 * What is said where sessions of a scope recorded the lookups of the whole host and only some of its attempts: a line for each
 * choice of these.
 */
export function describeFiltered(parts: readonly SessionPart[]): string[] {
  const counts = new Map<string, number>()
  for (const { trace, sessionId } of parts) {
    const filters = readFilters(trace.db, sessionId)
    if (filters === '{}' || readSessionDns(trace.db, sessionId).source === null) continue
    counts.set(filters, (counts.get(filters) ?? 0) + 1)
  }
  return [...counts].map(([filters, count]) => {
    const which = count < parts.length ? ` in ${formatCount(count)} of ${parts.length} sessions` : ''
    const chosen = safeText(describeFilters(filters))
    return `attempts were filtered${which} (${chosen}), lookups are of the whole host: names without attempts may have had some`
  })
}

function readFilters(db: Database, sessionId: number): string {
  const query = queries
    .selectFrom('session')
    .select(sql<string>`${sql.raw(boundedText('filters'))}`.as('filters'))
    .where('session_id', '=', sessionId)
  return selectAll(db, query)[0]?.filters ?? '{}'
}

/** What is said where sessions of a scope recorded no lookups. */
export function describeUnrecorded(parts: readonly SessionPart[]): string[] {
  const unrecorded = parts.filter(({ trace, sessionId }) => readSessionDns(trace.db, sessionId).source === null)
  if (unrecorded.length === 0) return []
  const which =
    unrecorded.length < parts.length ? ` in ${formatCount(unrecorded.length)} of ${parts.length} sessions` : ''
  return [`DNS lookups were not recorded${which}: sudo tcpconn record --dns`]
}

function nameSession({ trace, sessionId }: SessionPart, parts: readonly SessionPart[]): string {
  const isMany = new Set(parts.map((part) => part.trace)).size > 1
  return `${isMany ? `${safeText(trace.path)} ` : ''}session ${sessionId}`
}
