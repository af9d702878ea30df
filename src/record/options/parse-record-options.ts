import { createUserNames, type UserNames } from '../host/user-names.js'
import { UsageError } from '../../errors.js'
import { parseCgroups } from './parse-cgroup.js'
import { parseDuration } from '../../options/parse-duration.js'
import { parseComms, parseIds, parseOutcomes, parsePorts, parsePrefixes } from '../../options/parse-lists.js'
import { parseRotation } from './parse-rotation.js'
import { parseUids } from './parse-uids.js'
import { DNS_SOURCES, type DnsSource } from './probe-options.js'
import type { RecordFilters } from './record-filters.js'
import type { RecordOptions } from './record-options.js'

const DEFAULT_FILE = 'tcpconn.db'

/** What commander hands over: texts as typed, lists for repeatable options. */
export interface RawOptions extends RawFilters, RawExtras {
  readonly duration?: string
  readonly rotate?: string
  readonly keep?: string
  readonly quiet?: boolean
}

/** What is looked at beside attempts. */
export interface RawExtras {
  readonly dns?: boolean
  /** What stands behind `--dns=` */
  readonly dnsValue?: string
  readonly localErrors?: boolean
}

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
  readonly cgroupmap?: string
  readonly mntnsmap?: string
}

/** @throws UsageError that names the option, the value and what is accepted */
export function parseRecordOptions(
  raw: RawOptions,
  file: string | undefined,
  command: readonly string[],
  commandLine: string,
): RecordOptions {
  if (file === '') throw new UsageError('FILE', file, 'the name of a trace file, new or not')
  return {
    file: file ?? DEFAULT_FILE,
    durationNs: raw.duration === undefined ? null : requireDuration('--duration', raw.duration, 's'),
    quiet: raw.quiet ?? false,
    rotation: parseRotation(raw),
    filters: parseFilters(raw, createUserNames),
    command,
    ...parseExtras(raw),
    commandLine,
  }
}

/** @throws UsageError */
export function parseExtras(raw: RawExtras): Pick<RecordOptions, 'dnsSource' | 'localErrors'> {
  return { dnsSource: parseDnsSource(raw), localErrors: raw.localErrors ?? false }
}

function parseDnsSource({ dns, dnsValue }: RawExtras): DnsSource | null {
  if (dnsValue === undefined) return dns ? 'udp' : null
  const source = DNS_SOURCES.find((one) => one === dnsValue)
  if (source !== undefined) return source
  const accepted = '--dns alone or --dns=udp for DNS packets, --dns=libc for what programs ask getaddrinfo for'
  throw new UsageError('--dns', dnsValue, accepted)
}

/** @throws UsageError */
export function parseFilters(raw: RawFilters, users: () => UserNames): RecordFilters {
  return {
    pids: parseIds('--pid', raw.pid ?? []),
    uids: raw.uid ? parseUids(raw.uid, users()) : [],
    ports: parsePorts(raw.port ?? []),
    // Both together mean both, as with neither.
    family: raw.ipv4 === raw.ipv6 ? null : raw.ipv4 ? 4 : 6,
    comms: parseComms(raw.comm ?? []),
    destinations: parsePrefixes(raw.dst ?? []),
    minLatencyNs: raw.minLatency === undefined ? 0 : requireDuration('--min-latency', raw.minLatency, 'ms', true),
    outcomes: parseOutcomes(raw.outcome ?? []),
    cgroups: parseCgroups(raw.cgroup ?? []),
    cgroupmap: raw.cgroupmap ?? null,
    mntnsmap: raw.mntnsmap ?? null,
  }
}

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
