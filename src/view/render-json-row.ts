import { formatIsoMicros } from '../show/format-time.js'
import { jsonText } from '../show/json-text.js'
import type { ConnectRow } from './connect-row.js'

/** An attempt as a JSON object with the names of the view `connects`. Integers beyond 2^53 are exact literals. */
export function renderJsonRow(row: ConnectRow): string {
  const fields: [name: string, value: string | number | bigint | null][] = [
    ['started_ns', row.unixNs],
    ['time', formatIsoMicros(row.unixNs)],
    ['latency_ns', row.latencyNs],
    ['outcome', row.outcome],
    ['errno', row.errno],
    ['syn_retransmits', row.synRetransmits],
    ['pid', row.pid],
    ['tid', row.tid],
    ['process_start_ns', row.processStartNs],
    ['comm', row.comm],
    ['exe', row.exe],
    ['uid', row.uid],
    ['user', row.user],
    ['cgroup', row.cgroup],
    ['netns', row.netns],
    ['mntns', row.mntns],
    ['family', row.family],
    ['local_address', row.localAddress],
    ['local_port', row.localPort],
    ['remote_address', row.remoteAddress],
    ['remote_port', row.remotePort],
    ['dns_name', row.dnsName],
    ['dns_age_ns', row.dnsAgeNs],
    ['dns_lookup_ns', row.dnsLookupNs],
    ['dns_candidates', row.dnsCandidates],
    ['container', row.container],
  ]
  return `{${fields.map(([name, value]) => `"${name}":${typeof value === 'string' ? jsonText(value) : value}`).join(',')}}`
}
