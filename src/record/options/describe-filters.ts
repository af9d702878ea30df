import { formatAddress, isIpv4Mapped } from '../../attempt/address.js'
import type { Prefix } from '../../options/parse-lists.js'
import type { RecordFilters } from './record-options.js'

/** The filters as JSON for the session row, by option name; `{}` without filters. */
export function describeFilters(filters: RecordFilters, command: readonly string[]): string {
  const described: Readonly<Record<keyof RecordFilters, readonly [name: string, value: unknown]>> = {
    pids: ['pid', filters.pids],
    uids: ['uid', filters.uids],
    ports: ['port', filters.ports],
    family: ['family', filters.family],
    comms: ['comm', filters.comms],
    destinations: ['dst', filters.destinations.map(formatPrefix)],
    minLatencyNs: ['min_latency_ns', filters.minLatencyNs || null],
    outcomes: ['outcome', filters.outcomes],
    cgroups: ['cgroup', filters.cgroups],
    containers: ['container', filters.containers],
    pods: ['pod', filters.pods.map(({ namespace, name }) => `${namespace}/${name}`)],
    namespaces: ['namespace', filters.namespaces],
    cgroupmap: ['cgroupmap', filters.cgroupmap],
    mntnsmap: ['mntnsmap', filters.mntnsmap],
  }
  const set = [...Object.values(described), ['command', command] as const].filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return JSON.stringify(Object.fromEntries(set))
}

function formatPrefix(prefix: Prefix): string {
  const text = formatAddress(prefix.address)
  if (!isIpv4Mapped(prefix.address)) return `${text}/${prefix.length}`
  // A shorter prefix exceeds IPv4.
  return prefix.length >= 96 ? `${text}/${prefix.length - 96}` : `::ffff:${text}/${prefix.length}`
}
