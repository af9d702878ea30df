import { isIpv4Mapped } from '../../attempt/address.js'
import { encodeBytes } from '../../attempt/byte-text.js'
import { OUTCOMES, type Outcome } from '../../attempt/outcome.js'
import type { Prefix } from '../../options/parse-lists.js'
import type { ProbeOptions, RecordFilters } from '../options/record-options.js'
import { findLibcMachine, requireLibcMachine } from '../host/libc-machine.js'
import { destinationPrefix, probeConfig } from '../event/wire.gen.js'

const ALL_OUTCOMES = 0xffffffff
/** TASK_COMM_LEN - 1: maximum length of a thread name in the kernel. */
const COMM_BYTES = 15
/** The family precedes the address. */
const FAMILY_BITS = 8
/** Length of ::ffff:0:0/96: a longer prefix of a mapped address is IPv4. */
const IPV4_BITS = 96

/** Properties of the host that the probe needs. */
export interface ProbeHost {
  /** Whether packet programs may read kernel memory */
  readonly readsNetns: boolean
  /** Whether tasks can be preempted inside tracepoint programs */
  readonly isPreemptible: boolean
  /** As in process.arch */
  readonly arch: string
}

/** The probe's read-only settings, struct probe_config. @throws E_NO_LIBC */
export function packProbeConfig(options: ProbeOptions, host: ProbeHost): Uint8Array {
  const { filters, followsCommand, dnsSource, dnsPorts, localErrors, nat } = options
  const bytes = new Uint8Array(probeConfig.size_bytes)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(probeConfig.min_latency_ns, BigInt(filters.minLatencyNs), true)
  view.setUint32(probeConfig.outcomes, outcomeMask(filters.outcomes), true)
  view.setUint32(probeConfig.cgroup_count, filters.cgroups.length, true)
  const flag = (offset: number, on: boolean) => view.setUint8(offset, on ? 1 : 0)
  flag(probeConfig.by_pid, filters.pids.length > 0)
  flag(probeConfig.by_uid, filters.uids.length > 0)
  flag(probeConfig.by_port, filters.ports.length > 0)
  flag(probeConfig.by_comm, filters.comms.length > 0)
  flag(probeConfig.by_destination, filters.destinations.length > 0)
  flag(probeConfig.by_cgroupmap, filters.cgroupmap !== null)
  flag(probeConfig.by_mntnsmap, filters.mntnsmap !== null)
  flag(probeConfig.by_command, followsCommand)
  flag(probeConfig.local_errors, localErrors)
  flag(probeConfig.reads_netns, host.readsNetns)
  flag(probeConfig.preemptible, host.isPreemptible)
  flag(probeConfig.by_process, followsCommand || filtersByProcess(filters))
  view.setUint8(probeConfig.family, filters.family ?? 0)
  dnsPorts.forEach((port, i) => view.setUint16(probeConfig.dns_ports + 2 * i, port))
  const machine = findLibcMachine(host.arch)
  flag(probeConfig.reads_calls, nat && machine !== null)
  if (nat && machine !== null) view.setUint8(probeConfig.machine, machine.code)
  if (dnsSource === 'libc') view.setUint8(probeConfig.machine, requireLibcMachine(host.arch).code)
  return bytes
}

/** Whether a filter could drop an attempt whose process is unknown. */
function filtersByProcess({ pids, uids, comms, cgroups, cgroupmap, mntnsmap }: RecordFilters): boolean {
  const isSet = [pids, uids, comms, cgroups].some((values) => values.length > 0)
  return isSet || cgroupmap !== null || mntnsmap !== null
}

/** One bit per outcome code. */
export function outcomeMask(outcomes: readonly Outcome[]): number {
  if (outcomes.length === 0) return ALL_OUTCOMES
  return outcomes.reduce((mask, outcome) => mask | (1 << OUTCOMES.indexOf(outcome)), 0)
}

/** Key of comm_filter: truncated and padded with NUL like names in the kernel. @param comm as in the trace */
export function packComm(comm: string): Uint8Array {
  const key = new Uint8Array(COMM_BYTES + 1)
  key.set(encodeBytes(comm).subarray(0, COMM_BYTES))
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
