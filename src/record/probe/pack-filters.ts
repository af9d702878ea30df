import { isIpv4Mapped } from '../../store/address.js'
import { OUTCOMES, type Outcome } from '../../store/outcome.js'
import type { Prefix } from '../../options/parse-lists.js'
import type { ProbeOptions } from '../options/probe-options.js'
import type { RecordFilters } from '../options/record-filters.js'
import { requireLibcMachine } from '../host/libc-machine.js'
import { destinationPrefix, probeFilters } from './wire.gen.js'

const ALL_OUTCOMES = 0xffffffff
/** TASK_COMM_LEN - 1: what the kernel keeps of a thread's name. */
const COMM_BYTES = 15
/** The family stands before the address. */
const FAMILY_BITS = 8
/** Length of ::ffff:0:0/96: a longer prefix of a mapped address is IPv4. */
const IPV4_BITS = 96

/** What the probe has to know of the host. */
export interface ProbeHost {
  /** Whether programs that see packets may read kernel memory */
  readonly readsNetns: boolean
  /** Whether tasks are preempted inside programs on tracepoints */
  readonly isPreemptible: boolean
  /** As process.arch has it */
  readonly arch: string
}

/** The probe's read-only settings, struct probe_filters. @throws E_NO_LIBC */
export function packFilters(options: ProbeOptions, host: ProbeHost): Uint8Array {
  const { filters, followsCommand, dnsSource, localErrors } = options
  const bytes = new Uint8Array(probeFilters.size_bytes)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(probeFilters.min_latency_ns, BigInt(filters.minLatencyNs), true)
  view.setUint32(probeFilters.outcomes, outcomeMask(filters.outcomes), true)
  view.setUint32(probeFilters.cgroup_count, filters.cgroups.length, true)
  const flag = (offset: number, on: boolean) => view.setUint8(offset, on ? 1 : 0)
  flag(probeFilters.by_pid, filters.pids.length > 0)
  flag(probeFilters.by_uid, filters.uids.length > 0)
  flag(probeFilters.by_port, filters.ports.length > 0)
  flag(probeFilters.by_comm, filters.comms.length > 0)
  flag(probeFilters.by_destination, filters.destinations.length > 0)
  flag(probeFilters.by_cgroupmap, filters.cgroupmap !== null)
  flag(probeFilters.by_mntnsmap, filters.mntnsmap !== null)
  flag(probeFilters.by_command, followsCommand)
  flag(probeFilters.local_errors, localErrors)
  flag(probeFilters.reads_netns, host.readsNetns)
  flag(probeFilters.preemptible, host.isPreemptible)
  flag(probeFilters.by_process, followsCommand || filtersByProcess(filters))
  view.setUint8(probeFilters.family, filters.family ?? 0)
  if (dnsSource === 'libc') view.setUint8(probeFilters.machine, requireLibcMachine(host.arch).code)
  return bytes
}

/** Whether an attempt whose process is not known may be one that a filter drops. */
function filtersByProcess({ pids, uids, comms, cgroups, cgroupmap, mntnsmap }: RecordFilters): boolean {
  const isSet = [pids, uids, comms, cgroups].some((values) => values.length > 0)
  return isSet || cgroupmap !== null || mntnsmap !== null
}

/** One bit per outcome code. */
export function outcomeMask(outcomes: readonly Outcome[]): number {
  if (outcomes.length === 0) return ALL_OUTCOMES
  return outcomes.reduce((mask, outcome) => mask | (1 << OUTCOMES.indexOf(outcome)), 0)
}

/** Key of comm_filter: as the kernel stores names, cut and padded with NUL. */
export function packComm(comm: string): Uint8Array {
  const key = new Uint8Array(COMM_BYTES + 1)
  key.set(new TextEncoder().encode(comm).subarray(0, COMM_BYTES))
  return key
}

/** Key of destination_filter. */
export function packPrefix(prefix: Prefix): Uint8Array {
  const key = new Uint8Array(destinationPrefix.size_bytes)
  new DataView(key.buffer).setUint32(destinationPrefix.prefix_length, FAMILY_BITS + prefix.length, true)
  key[destinationPrefix.family] = prefix.length >= IPV4_BITS && isIpv4Mapped(prefix.address) ? 4 : 6
  key.set(prefix.address, destinationPrefix.address)
  return key
}

export function packUint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}
