import { countLookups } from '../dns/count-lookups.js'
import { countNamed } from '../dns/named-attempts.js'
import { readSessionDns } from '../dns/session-dns.js'
import type { Column, Row } from '../result/result.js'
import { percentOf } from '../sums/group-values.js'
import type { Scope } from '../trace/scope.js'

const column = (name: string, kind: Column['kind']): Column => ({ name, heading: name, kind })

/** What a summary says of DNS, and of how much was recorded. */
export const SUMMARY_DNS_COLUMNS: readonly Column[] = [
  column('dns_source', 'text'),
  column('dns_lookups', 'count'),
  column('dns_names', 'count'),
  column('named_attempts', 'count'),
  column('named_percent', 'percent'),
  column('dns_lost', 'count'),
  column('dns_malformed', 'count'),
  column('dns_evicted', 'count'),
  column('local_error_sessions', 'count'),
]

/** Lookups and names are those of the scope; loss is that of whole sessions. */
export function summarizeDns(scope: Scope, attempts: number): Row {
  const sessions = scope.parts.map(({ trace, sessionId }) => readSessionDns(trace.db, sessionId))
  const sources = [...new Set(sessions.flatMap(({ source }) => source ?? []))].toSorted()
  const { lookups, names } = countLookups(scope)
  const named = countNamed(scope)
  return [
    sources.length === 0 ? null : sources.join(', '),
    lookups,
    names,
    named,
    percentOf(named, attempts),
    sessions.reduce((sum, { lost }) => sum + lost, 0),
    sessions.reduce((sum, { malformed }) => sum + malformed, 0),
    sessions.reduce((sum, { evicted }) => sum + evicted, 0),
    sessions.filter(({ hasLocalErrors }) => hasLocalErrors).length,
  ]
}
