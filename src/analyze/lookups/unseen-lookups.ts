import { formatPlural } from '../../text/format-number.js'
import { attemptsOf } from '../group/group-values.js'
import { COUNTS_BY_SESSION } from '../group/dimensions.js'
import { sumUp } from '../group/sum-up.js'
import { NO_ATTEMPT_FILTERS } from '../scan/attempt-filters.js'
import type { Scope } from '../scan/scope.js'
import { readSessionDns } from './session-dns.js'

/** Ports of DNS over TCP (RFC 7766) and over TLS (RFC 7858) */
const PORTS = [53, 853]

/**
 * A line about attempts to name servers: UDP packets do not show the lookups in these connections. None for sessions that recorded
 * getaddrinfo, which shows them, or no lookups.
 */
export function describeUnseenLookups(scope: Scope): string[] {
  const parts = scope.parts.filter(({ trace, sessionId }) => readSessionDns(trace.db, sessionId).source === 'udp')
  const groups = sumUp({ ...scope, parts, filters: { ...NO_ATTEMPT_FILTERS, ports: PORTS } }, COUNTS_BY_SESSION)
  const count = groups.reduce((sum, group) => sum + attemptsOf(group), 0)
  if (count === 0) return []
  return [`${formatPlural(count, 'attempt')} to port 53 or 853 (DNS over TCP or TLS): lookups in these are not seen`]
}
