import { parseDuration } from '../../options/parse-duration.js'
import {
  parseComms,
  parseIds,
  parseOutcomes,
  parsePorts,
  parsePrefixes,
  splitLists,
} from '../../options/parse-lists.js'
import { UsageError } from '../../errors.js'
import type { AttemptFilters } from '../trace/attempt-filters.js'

/** The filters of `record`, as typed. */
export interface RawFilters {
  readonly pid?: string[]
  readonly uid?: string[]
  readonly port?: string[]
  readonly ipv4?: boolean
  readonly ipv6?: boolean
  readonly comm?: string[]
  readonly dst?: string[]
  readonly minLatency?: string
  readonly outcome?: string[]
  readonly cgroup?: string[]
}

/** @throws UsageError that names the option, the value and what is accepted */
export function parseFilters(raw: RawFilters): AttemptFilters {
  return {
    pids: parseIds('--pid', raw.pid ?? []),
    users: parseUsers(raw.uid ?? []),
    comms: parseComms(raw.comm ?? []),
    cgroups: raw.cgroup ?? [],
    ports: parsePorts(raw.port ?? []),
    // Both together mean both, as with neither.
    family: raw.ipv4 === raw.ipv6 ? null : raw.ipv4 ? 4 : 6,
    destinations: parsePrefixes(raw.dst ?? []),
    minLatencyNs: raw.minLatency === undefined ? 0 : parseMinLatency(raw.minLatency),
    outcomes: parseOutcomes(raw.outcome ?? []),
  }
}

/** Names are those of the recording: this host may know other users. */
function parseUsers(texts: readonly string[]): (number | string)[] {
  const users = splitLists('--uid', texts, 'user ids or names, like 1000 or www-data,1000')
  return users.map((user) => (/^\d{1,10}$/.test(user) ? Number(user) : user))
}

function parseMinLatency(text: string): number {
  const ns = parseDuration(text, 'ms')
  if (ns !== null) return ns
  throw new UsageError('--min-latency', text, 'a duration like 5ms or 1.5s (a number alone is in milliseconds)')
}
