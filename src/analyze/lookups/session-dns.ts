import type { Database } from 'better-sqlite3'
import { sql } from 'kysely'
import { formatCount } from '../../text/format-number.js'
import { describeDnsLoss, type DnsLossCounts } from '../../attempt/loss-text.js'
import { describeRecordedFilters, NO_RECORDED_FILTERS, recordedWholeHost } from '../../attempt/recorded-filters.js'
import { safeText } from '../../text/safe-text.js'
import { createQuery, queries } from '../scan/query-builder.js'
import { boundedText } from '../scan/row-reader.js'
import type { SessionPart } from '../scan/scope.js'
import { nameSession } from '../scan/session-facts.js'

/** The DNS settings and losses of a session. */
export interface SessionDns extends DnsLossCounts {
  /** `udp`, `libc`; `null`: lookups were not recorded */
  readonly source: string | null
  /** Remote ports of DNS packets, like `53,5353`; `null`: unknown, or another source */
  readonly ports: string | null
  /** Whether connects that fail before a SYN were recorded */
  readonly hasLocalErrors: boolean
}

const NOT_RECORDED: SessionDns = { source: null, ports: null, hasLocalErrors: false, lost: 0, malformed: 0, evicted: 0 }

const selectDns = createQuery((sessionId: number) =>
  queries
    .selectFrom('session')
    .select(['has_local_errors', 'dns_lost_count', 'dns_malformed_count', 'dns_evicted_count'])
    .select(sql<string | null>`${sql.raw(boundedText('dns_source'))}`.as('dns_source'))
    .select(sql<string | null>`${sql.raw(boundedText('dns_ports'))}`.as('dns_ports'))
    .where('session_id', '=', sessionId),
)

/** Reads them from the row of a session; in older formats nothing was recorded. */
export function readSessionDns(db: Database, sessionId: number): SessionDns {
  const [row] = selectDns(db, sessionId)
  if (row === undefined) return NOT_RECORDED
  return {
    source: row.dns_source,
    ports: row.dns_ports,
    hasLocalErrors: row.has_local_errors === 1,
    lost: row.dns_lost_count,
    malformed: row.dns_malformed_count,
    evicted: row.dns_evicted_count,
  }
}

/** A line for each session of a scope that lost DNS packets or names. */
export function dnsLossLines(parts: readonly SessionPart[]): string[] {
  const isMany = new Set(parts.map(({ trace }) => trace)).size > 1
  return parts.flatMap((part) => {
    const loss = describeDnsLoss(readSessionDns(part.trace.db, part.sessionId))
    return loss === null ? [] : [parts.length > 1 ? `${nameSession(part, isMany)}: ${loss}` : loss]
  })
}

/**
 * The lines about sessions that recorded the lookups of the whole host but only a part of its attempts, one per set of filters.
 */
export function describeFiltered(parts: readonly SessionPart[]): string[] {
  const counts = new Map<string, number>()
  for (const { trace, sessionId } of parts) {
    const filters = readFilters(trace.db, sessionId)
    if (recordedWholeHost(filters) || readSessionDns(trace.db, sessionId).source === null) continue
    counts.set(filters, (counts.get(filters) ?? 0) + 1)
  }
  return [...counts].map(([filters, count]) => {
    const which = count < parts.length ? ` in ${formatCount(count)} of ${parts.length} sessions` : ''
    const chosen = safeText(describeRecordedFilters(filters))
    return `attempts were filtered${which} (${chosen}), lookups are of the whole host: names without attempts may have had some`
  })
}

const selectFilters = createQuery((sessionId: number) =>
  queries
    .selectFrom('session')
    .select(sql<string>`${sql.raw(boundedText('filters'))}`.as('filters'))
    .where('session_id', '=', sessionId),
)

function readFilters(db: Database, sessionId: number): string {
  return selectFilters(db, sessionId)[0]?.filters ?? NO_RECORDED_FILTERS
}

/** The line about sessions without recorded lookups. */
export function describeUnrecorded(parts: readonly SessionPart[]): string[] {
  return describeWithout(parts, ({ source }) => source === null).map(
    (which) => `DNS lookups were not recorded${which}: sudo tcpconn record --dns`,
  )
}

/** The line about sessions without connects that fail before a SYN. */
export function describeNoLocalErrors(parts: readonly SessionPart[]): string[] {
  return describeWithout(parts, ({ hasLocalErrors }) => !hasLocalErrors).map(
    (which) => `connects that fail before a SYN were not recorded${which}: sudo tcpconn record --local-errors`,
  )
}

/** Words about sessions without something: none if every session has it, an empty text if all lack it. */
function describeWithout(parts: readonly SessionPart[], isWithout: (session: SessionDns) => boolean): string[] {
  const count = parts.filter(({ trace, sessionId }) => isWithout(readSessionDns(trace.db, sessionId))).length
  if (count === 0) return []
  return [count < parts.length ? ` in ${formatCount(count)} of ${parts.length} sessions` : '']
}
