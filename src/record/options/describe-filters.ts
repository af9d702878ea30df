import { formatAddress, isIpv4Mapped } from '../../attempt/address.js'
import type { Prefix } from '../../options/parse-lists.js'
import type { RecordFilters } from './record-options.js'

/** The filters as JSON for the session row, by option name; `{}` without filters. */
export function describeFilters(filters: RecordFilters, command: readonly string[]): string {
  const entries: [string, unknown][] = [
    ['pid', filters.pids],
    ['uid', filters.uids],
    ['port', filters.ports],
    ['family', filters.family],
    ['comm', filters.comms],
    ['dst', filters.destinations.map(formatPrefix)],
    ['min_latency_ns', filters.minLatencyNs || null],
    ['outcome', filters.outcomes],
    ['cgroup', filters.cgroups],
    ['container', filters.containers],
    ['pod', filters.pods],
    ['namespace', filters.namespaces],
    ['cgroupmap', filters.cgroupmap],
    ['mntnsmap', filters.mntnsmap],
    ['command', command],
  ]
  const set = entries.filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
  return JSON.stringify(Object.fromEntries(set))
}

function formatPrefix(prefix: Prefix): string {
  const text = formatAddress(prefix.address)
  if (!isIpv4Mapped(prefix.address)) return `${text}/${prefix.length}`
  // A shorter prefix exceeds IPv4.
  return prefix.length >= 96 ? `${text}/${prefix.length - 96}` : `::ffff:${text}/${prefix.length}`
}
