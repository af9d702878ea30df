import { UsageError } from '../base/errors.js'
import { OUTCOMES, type Outcome } from '../attempt/outcome.js'
import { parseDuration } from './parse-duration.js'
import { parseComms, parseIds, parseOutcomes, parsePorts, parsePrefixes, type Prefix } from './parse-lists.js'
import { parsePods, type Pod } from './parse-pods.js'

/** An option: `list` may be repeated, `one` takes one value, `flag` none. */
export interface OptionDeclaration {
  readonly flags: string
  readonly description: string
  /** Of a command that records, if it differs */
  readonly whenRecording?: string
  readonly takes: 'list' | 'one' | 'flag'
}

/**
 * The filters that record, live and all that reads traces have in common. Their values are in `RawFilters` and, parsed, in `Filters`.
 * The type checker reports each place that has to apply a new one to traces.
 */
export const FILTER_OPTIONS: readonly OptionDeclaration[] = [
  { flags: '-p, --pid <pids>', takes: 'list', description: 'only these processes: 1234 or 1234,5678' },
  { flags: '-u, --uid <users>', takes: 'list', description: 'only these users, by number or name: 1000,www-data' },
  { flags: '-P, --port <ports>', takes: 'list', description: 'only these remote ports: 80,443' },
  { flags: '-4, --ipv4', takes: 'flag', description: 'only IPv4, including IPv4-mapped addresses' },
  { flags: '-6, --ipv6', takes: 'flag', description: 'only IPv6' },
  { flags: '--comm <name>', takes: 'list', description: 'only threads with this name; repeatable' },
  { flags: '--dst <networks>', takes: 'list', description: 'only these remote addresses or networks: 10.0.0.0/8' },
  { flags: '--min-latency <time>', takes: 'one', description: 'only attempts that took at least this long: 5ms' },
  { flags: '--outcome <names>', takes: 'list', description: `only these outcomes: failed, ${OUTCOMES.join(', ')}` },
  {
    flags: '--cgroup <path>',
    takes: 'list',
    description: 'only processes in this cgroup and below it; repeatable',
  },
  {
    flags: '--container <name>',
    takes: 'list',
    description: 'only containers with this name or id, in a trace also units; repeatable',
    whenRecording: 'only containers with this name or id that run at the start; repeatable',
  },
  { flags: '--pod <pod>', takes: 'list', description: 'only this pod: shop/cart-0 (namespace/name); repeatable' },
  { flags: '--namespace <name>', takes: 'list', description: 'only pods of this namespace; repeatable' },
]

/** As typed. */
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
  readonly container?: string[]
  readonly pod?: string[]
  readonly namespace?: string[]
}

/**
 * The filters that mean the same on the recorded host and on a trace; users and cgroups depend on where they are looked up. An
 * empty list and `null` leave nothing out; values of one list are alternatives, all lists have to match.
 */
export interface Filters {
  readonly pids: readonly number[]
  readonly ports: readonly number[]
  /** IP version on the wire, `null` for both */
  readonly family: 4 | 6 | null
  /** Names of threads */
  readonly comms: readonly string[]
  readonly destinations: readonly Prefix[]
  readonly minLatencyNs: number
  readonly outcomes: readonly Outcome[]
  /** Names of containers, their full ids, or their short ids */
  readonly containers: readonly string[]
  readonly pods: readonly Pod[]
  /** Namespaces of pods */
  readonly namespaces: readonly string[]
}

/** @throws UsageError that names the option, the value and what is accepted */
export function parseFilters(raw: RawFilters): Filters {
  return {
    pids: parseIds('--pid', raw.pid ?? []),
    ports: parsePorts(raw.port ?? []),
    // Both together mean both, as with neither.
    family: raw.ipv4 === raw.ipv6 ? null : raw.ipv4 ? 4 : 6,
    comms: parseComms(raw.comm ?? []),
    destinations: parsePrefixes(raw.dst ?? []),
    minLatencyNs: raw.minLatency === undefined ? 0 : requireDuration('--min-latency', raw.minLatency, 'ms', true),
    outcomes: parseOutcomes(raw.outcome ?? []),
    containers: raw.container ?? [],
    pods: parsePods(raw.pod ?? []),
    namespaces: raw.namespace ?? [],
  }
}

export const NO_FILTERS: Filters = parseFilters({})

/** @throws UsageError */
export function requireDuration(option: string, text: string, bareUnit: 's' | 'ms', allowsZero = false): number {
  const ns = parseDuration(text, bareUnit)
  if (ns !== null && (ns > 0 || allowsZero)) return ns
  const bare = bareUnit === 's' ? 'seconds' : 'milliseconds'
  throw new UsageError(
    option,
    text,
    `a duration like 10m, 1h30m, 5ms or 1.5s (a number alone is in ${bare}), up to 104 days`,
  )
}
