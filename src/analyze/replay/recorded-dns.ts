import { formatPlural } from '../../text/format-number.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { boundedText } from '../scan/row-reader.js'
import type { SessionPart } from '../scan/scope.js'
import { createCachedReader, textOrNull } from './cached-reader.js'
import { requireIntegers } from './require-integers.js'

/** The lookup before an attempt. */
type DnsPart = Pick<ConnectRow, 'hasDnsSource' | 'dnsName' | 'dnsAgeNs' | 'dnsLookupNs' | 'dnsCandidates'>
type DnsRow = readonly [nameId: number, ageNs: number, lookupNs: number | null, candidates: number | null]

/** Limit of sessions that are listed. */
const MAX_NAMED = 5

/** The lookup before each attempt of a part, by the attempt's id. */
export function createDnsPartReader(part: SessionPart): (attemptId: number) => DnsPart {
  const { db } = part.trace
  const hasDnsSource = recordsDns(part)
  const none = { hasDnsSource, dnsName: null, dnsAgeNs: null, dnsLookupNs: null, dnsCandidates: null }
  const hasNames = db.prepare('SELECT EXISTS (SELECT 1 FROM connect_dns)').pluck().get() === 1
  if (!hasNames) return () => none
  const find = db
    .prepare(`SELECT dns_name_id, dns_age_ns, dns_lookup_ns, dns_candidates FROM connect_dns WHERE attempt_id = ?`)
    .raw()
  const sql = `SELECT ${boundedText('dns_name')} FROM dns_name WHERE dns_name_id = ?`
  const nameOf = createCachedReader(db, sql, ([name]) => textOrNull(name))
  return (attemptId) => {
    const row = find.get(attemptId)
    if (row === undefined) return none
    const [nameId, dnsAgeNs, dnsLookupNs, dnsCandidates] = requireIntegers<DnsRow>(row)
    return { hasDnsSource, dnsName: nameOf(nameId), dnsAgeNs, dnsLookupNs, dnsCandidates }
  }
}

/** A line about sessions without recorded lookups; `null` if all have them. */
export function describeMissingDns(parts: readonly SessionPart[]): string | null {
  const missing = parts.filter((part) => !recordsDns(part)).map(({ sessionId }) => sessionId)
  if (missing.length === 0) return null
  const [noun, verb] = missing.length === 1 ? ['session', 'was'] : ['sessions', 'were']
  const named = missing.length > MAX_NAMED ? formatPlural(missing.length, 'session') : `${noun} ${missing.join(', ')}`
  return `${named} ${verb} recorded without --dns: what was looked up before an attempt is not known`
}

function recordsDns({ trace: { db }, sessionId }: SessionPart): boolean {
  const find = db.prepare('SELECT dns_source IS NOT NULL FROM session WHERE session_id = ?').pluck()
  return find.get(sessionId) === 1
}
