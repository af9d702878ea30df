import type { HostView } from '../host/host-view.js'
import type { MetricsOptions } from './parse-metrics.js'
import type { Rotation } from './parse-rotation.js'
import { NO_FILTERS, type Filters } from '../../options/filters.js'

/** Options of `record`. */
export interface RecordOptions {
  readonly file: string
  /** `null`: until stopped */
  readonly durationNs: number | null
  readonly quiet: boolean
  /** `null`: one file */
  readonly rotation: Rotation | null
  readonly filters: RecordFilters
  readonly host: HostView
  /** Program and arguments after `--`; empty: the whole host */
  readonly command: readonly string[]
  /** `null`: names are not recorded */
  readonly dnsSource: DnsSource | null
  /** Remote ports of DNS packets */
  readonly dnsPorts: readonly number[]
  /** Whether to record connects that fail in the system call */
  readonly localErrors: boolean
  /** Whether to record translated addresses, and those that a BPF program replaced in connect(2) */
  readonly nat: boolean
  /** `null`: no metrics */
  readonly metrics: MetricsOptions | null
  /** As typed, for the session row */
  readonly commandLine: string
}

/** Source of names: DNS packets of all sockets, or getaddrinfo of the libcs in use. */
export const DNS_SOURCES = ['udp', 'libc'] as const
export type DnsSource = (typeof DNS_SOURCES)[number]

/** Default remote ports of DNS packets. */
export const DEFAULT_DNS_PORTS: readonly number[] = [53]

/** Options of the probe that must be known before load. */
export interface ProbeOptions {
  readonly filters: RecordFilters
  readonly host: HostView
  /** Whether only one process, named later, and its children are recorded */
  readonly followsCommand: boolean
  /** `null`: names are not recorded */
  readonly dnsSource: DnsSource | null
  /** Remote ports of DNS packets, at most `MAX_DNS_PORTS` */
  readonly dnsPorts: readonly number[]
  /** Connects that fail in the system call, before a SYN */
  readonly localErrors: boolean
  /** Translated addresses, and those that a BPF program replaced in connect(2) */
  readonly nat: boolean
}

/** What to record. */
export interface RecordFilters extends Filters {
  readonly uids: readonly number[]
  /** cgroup v2 directories, with those of `containers`, `pods` and `namespaces` that ran when recording started */
  readonly cgroups: readonly string[]
  /** pinned BPF maps as used by bcc */
  readonly cgroupmap: string | null
  readonly mntnsmap: string | null
}

export const NO_RECORD_FILTERS: RecordFilters = {
  ...NO_FILTERS,
  uids: [],
  cgroups: [],
  cgroupmap: null,
  mntnsmap: null,
}
