import { countLookups, type LookupTotals } from '../../lookups/count-lookups.js'
import { countNamed } from '../../lookups/named-attempts.js'
import { readSessionDns } from '../../lookups/session-dns.js'
import type { Scope } from '../../scan/scope.js'

/**
 * The summary of DNS and of the completeness of the recording. Lookups and names are those of the scope; loss is that
 * of whole sessions.
 */
export interface SummaryDns extends LookupTotals {
  /** `libc, udp`; `null`: no session recorded lookups */
  readonly source: string | null
  /** Attempts that have a DNS name */
  readonly named: number
  readonly lost: number
  readonly malformed: number
  readonly evicted: number
  /** Sessions that recorded connects that fail before a SYN */
  readonly localErrorSessions: number
}

export function summarizeDns(scope: Scope): SummaryDns {
  const sessions = scope.parts.map(({ trace, sessionId }) => readSessionDns(trace.db, sessionId))
  const sources = [...new Set(sessions.flatMap(({ source }) => source ?? []))].toSorted()
  return {
    source: sources.length === 0 ? null : sources.join(', '),
    ...countLookups(scope),
    named: countNamed(scope),
    lost: sessions.reduce((sum, { lost }) => sum + lost, 0),
    malformed: sessions.reduce((sum, { malformed }) => sum + malformed, 0),
    evicted: sessions.reduce((sum, { evicted }) => sum + evicted, 0),
    localErrorSessions: sessions.filter(({ hasLocalErrors }) => hasLocalErrors).length,
  }
}
