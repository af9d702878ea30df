import { existsSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { openHostView, type HostView } from '../host/host-view.js'
import { createHostUsers, type UserNames } from '../host/user-names.js'
import { HELP_HINT, TcpconnError, UsageError } from '../../base/errors.js'
import { MAX_DNS_PORTS } from '../event/wire.gen.js'
import { findContainerCgroups } from './find-container-cgroups.js'
import { limitCgroups, parseCgroups } from './parse-cgroup.js'
import { parseFilters, requireDuration, type RawFilters } from '../../options/filters.js'
import { parsePorts, requireInteger, splitLists } from '../../options/parse-lists.js'
import { parseMetrics, type RawMetrics } from './parse-metrics.js'
import { parseRotation } from './parse-rotation.js'
import {
  DEFAULT_DNS_PORTS,
  DNS_SOURCES,
  type DnsSource,
  type RecordFilters,
  type RecordOptions,
} from './record-options.js'

const DEFAULT_FILE = 'tcpconn.db'

/** Options from commander: text as typed, lists for repeatable options. */
export interface RawOptions extends RawRecordFilters, RawExtras, RawMetrics {
  readonly duration?: string
  readonly rotate?: string
  readonly keep?: string
  readonly quiet?: boolean
}

/** Options of features besides attempts. */
export interface RawExtras {
  readonly dns?: boolean
  /** The value of `--dns=` */
  readonly dnsValue?: string
  readonly dnsPort?: string[]
  readonly localErrors?: boolean
  readonly nat?: boolean
  readonly hostRoot?: string
}

/** The filters of `record` and `live`, as typed. */
export interface RawRecordFilters extends RawFilters {
  readonly cgroupmap?: string
  readonly mntnsmap?: string
}

/** @throws UsageError with the option, the value and the accepted values */
export function parseRecordOptions(
  raw: RawOptions,
  file: string | undefined,
  command: readonly string[],
  commandLine: string,
): RecordOptions {
  const host = parseHost(raw)
  if (file === '') throw new UsageError('FILE', file, 'the name of a trace file')
  return {
    file: file ?? DEFAULT_FILE,
    durationNs: raw.duration === undefined ? null : requireDuration('--duration', raw.duration, 's'),
    quiet: raw.quiet ?? false,
    rotation: parseRotation(raw),
    metrics: parseMetrics(raw),
    host,
    filters: parseRecordFilters(raw, host),
    command,
    ...parseExtras(raw),
    commandLine,
  }
}

/** @throws UsageError */
export function parseExtras(raw: RawExtras): Pick<RecordOptions, 'dnsSource' | 'dnsPorts' | 'localErrors' | 'nat'> {
  const dnsSource = parseDnsSource(raw)
  return {
    dnsSource,
    dnsPorts: parseDnsPorts(raw, dnsSource),
    localErrors: raw.localErrors ?? false,
    nat: raw.nat ?? false,
  }
}

function parseDnsSource({ dns, dnsValue }: RawExtras): DnsSource | null {
  if (dnsValue === undefined) return dns ? 'udp' : null
  const source = DNS_SOURCES.find((one) => one === dnsValue)
  if (source !== undefined) return source
  const accepted = '--dns or --dns=udp for DNS packets, --dns=libc for calls of getaddrinfo'
  throw new UsageError('--dns', dnsValue, accepted)
}

function parseDnsPorts({ dnsPort }: RawExtras, source: DnsSource | null): readonly number[] {
  if (dnsPort === undefined) return DEFAULT_DNS_PORTS
  const accepted = `up to ${MAX_DNS_PORTS} ports from 1 to 65535, like 53,5353`
  const ports = parsePorts(dnsPort, '--dns-port', accepted)
  if (ports.length > MAX_DNS_PORTS) throw new UsageError('--dns-port', dnsPort.join(' '), accepted)
  if (source === 'udp') return ports
  throw new TcpconnError('E_USAGE', {
    what: `--dns-port is given ${source === null ? 'without --dns' : 'with --dns=libc'}`,
    reason: 'it sets the ports of DNS packets, and only --dns records packets',
    hint: HELP_HINT,
  })
}

/** Opens the view of the host. @throws UsageError */
export function parseHost({ hostRoot }: RawExtras): HostView {
  if (hostRoot === undefined) return openHostView()
  if (isAbsolute(hostRoot) && existsSync(join(hostRoot, 'etc/passwd'))) return openHostView(resolve(hostRoot))
  throw new UsageError(
    '--host-root',
    hostRoot,
    "the absolute path of the host's root directory, with an etc/passwd, like /host",
  )
}

/** @throws UsageError */
export function parseRecordFilters(raw: RawRecordFilters, host: HostView): RecordFilters {
  return {
    ...parseFilters(raw),
    uids: raw.uid ? parseUids(raw.uid, createHostUsers(host.root)) : [],
    cgroups: limitCgroups([...parseCgroups(raw.cgroup ?? [], host.cgroups), ...findContainerCgroups(raw, host)]),
    cgroupmap: raw.cgroupmap ?? null,
    mntnsmap: raw.mntnsmap ?? null,
  }
}

const MAX_UID = 2 ** 32 - 2

/** User ids, or names known to this host. */
export function parseUids(texts: readonly string[], users: UserNames): number[] {
  const accepted = 'user ids or names that this host knows, like 1000 or www-data,1000'
  return splitLists('--uid', texts, accepted).map((text) => {
    if (/^\d+$/.test(text)) return requireInteger('--uid', text, 0, MAX_UID, accepted)
    const user = users.byName(text)
    if (user) return user.uid
    throw new UsageError('--uid', text, accepted)
  })
}
