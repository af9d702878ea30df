import { cellText } from './cell-text.js'
import type { ConnectRow } from './connect-row.js'

/** A name that is older than this when it is used is shown with its age. */
const SHOWN_AGE_NS = 100e6
/** What nobody asks a server for. */
const LOCALHOST = ['127.0.0.1', '::1']

/**
 * The column QUERY, as tcpconnect -d words it. Spaces are its own: those of a name are escaped, so that none can pass for
 * one of its words. A dash where lookups were not recorded.
 */
export function queryText({ hasDnsSource, dnsName, dnsAgeNs, remoteAddress }: ConnectRow): string {
  if (dnsName !== null) return `${cellText(dnsName || '.')}${ageText(dnsAgeNs)}`
  if (LOCALHOST.includes(remoteAddress)) return 'localhost'
  return hasDnsSource ? 'No DNS Query' : '-'
}

function ageText(ageNs: number | null): string {
  return ageNs !== null && ageNs > SHOWN_AGE_NS ? ` (${(ageNs / 1e6).toFixed(3)}ms)` : ''
}
