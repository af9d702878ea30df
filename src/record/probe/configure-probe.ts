import { closeSync } from 'node:fs'
import { UsageError } from '../../base/errors.js'
import { openCgroup } from '../host/cgroup-tree.js'
import type { ProbeOptions, RecordFilters } from '../options/record-options.js'
import { APPROACH_PROGRAMS, type Approach } from './approach.js'
import { packComm, packProbeConfig, packPrefix, packUint32 } from './pack-probe-config.js'
import { CGROUPMAP, MNTNSMAP, openPinnedMap, type PinnedMapShape } from './pinned-map.js'
import type { ProbeObject } from './probe-object.js'

/** Limit of simultaneously followed processes of a command. */
const COMMAND_TREE_ENTRIES = 65536
/** Limit of threads in connect(2) at the same time. Preallocated, 100 bytes each. */
const CONNECT_CALLS = 32_768
/** Limit of threads in getaddrinfo at the same time. */
const RESOLVE_CALLS = 16_384
const PRESENT = Uint8Array.of(1)

/** Programs that are loaded on demand. */
export const COMMAND_PROGRAMS = ['follow_fork', 'forget_exit'] as const
export const PACKET_PROGRAMS = ['follow_queries', 'follow_answers'] as const
export const CALL_PROGRAMS = ['enter_connect', 'exit_connect'] as const
export const NAT_PROGRAMS = ['follow_sent', 'follow_dropped'] as const
export const LIBC_PROGRAMS = ['enter_getaddrinfo', 'exit_getaddrinfo'] as const

/** Size of the metadata ring: a power of two, in whole pages. Names come in packets of 0.5 KiB and more. */
export function metadataRingBytes({ dnsSource, nat }: Pick<ProbeOptions, 'dnsSource' | 'nat'>): number {
  return dnsSource === null && !nat ? 256 * 1024 : 4 * 1024 * 1024
}

/** Applies the settings required before load. @throws E_USAGE for a pinned map of another shape, E_NO_LIBC */
export function configureProbe(object: ProbeObject, options: ProbeOptions, approach: Approach): void {
  const { libbpf } = object
  const { filters, followsCommand, dnsSource, localErrors, nat } = options
  const readsNetns = dnsSource === 'udp' && canReadNetns(object)
  const { isPreemptible } = approach
  const settings = packProbeConfig(options, { readsNetns, isPreemptible, arch: process.arch })
  object.require(libbpf.setInitialValue(object.map('.rodata'), settings, settings.length), 'set the filters of')
  const load = (programs: readonly string[], isWanted: boolean) => {
    for (const name of programs)
      object.require(libbpf.setAutoload(object.program(name), isWanted), 'choose the programs of')
  }
  const followed = [...approach.followers, ...approach.catchers, approach.final]
  for (const name of APPROACH_PROGRAMS) load([name], followed.includes(name))
  load(COMMAND_PROGRAMS, followsCommand)
  load(PACKET_PROGRAMS, dnsSource === 'udp')
  load(LIBC_PROGRAMS, dnsSource === 'libc')
  load(CALL_PROGRAMS, localErrors)
  load(NAT_PROGRAMS, nat)
  const resize = (map: string, count: number) =>
    object.require(libbpf.setMaxEntries(object.map(map), Math.max(1, count)), `size ${map} of`)
  for (const [map, keys] of filterSets(filters)) resize(map, keys.length)
  resize('cgroup_filter', filters.cgroups.length)
  resize('command_tree', followsCommand ? COMMAND_TREE_ENTRIES : 0)
  resize('connect_calls', localErrors ? CONNECT_CALLS : 0)
  resize('resolve_calls', dnsSource === 'libc' ? RESOLVE_CALLS : 0)
  // Space for 131,072 pending attempts, half of it in buckets if the kernel supports them.
  if (!approach.hasBuckets) resize('buckets', 1)
  resize('pending', approach.hasBuckets ? 65_536 : 131_072)
  resize('metadata', metadataRingBytes(options))
  reusePinned(object, 'cgroupmap', filters.cgroupmap, CGROUPMAP)
  reusePinned(object, 'mntnsmap', filters.mntnsmap, MNTNSMAP)
}

/** enum bpf_prog_type, enum bpf_func_id */
const [CGROUP_SKB, PROBE_READ_KERNEL] = [8, 113]

/** Whether packet programs may read kernel memory. Without it, names are matched only by cgroup. */
function canReadNetns({ libbpf }: ProbeObject): boolean {
  return libbpf.probeHelper(CGROUP_SKB, PROBE_READ_KERNEL, null) === 1
}

/** Fills the maps of the filters after load. @throws E_PROBE, E_USAGE for a cgroup that no longer exists */
export function fillFilters(object: ProbeObject, filters: RecordFilters): void {
  for (const [map, keys] of filterSets(filters)) for (const key of keys) object.set(map, key, PRESENT)
  filters.cgroups.forEach((path, i) => {
    const fd = openCgroup(path)
    if (fd === null) throw new UsageError('--cgroup', path, 'a cgroup v2 directory; this one no longer exists')
    try {
      object.set('cgroup_filter', packUint32(i), packUint32(fd))
    } finally {
      closeSync(fd)
    }
  })
}

/** Adds a process and its future children to the filter. */
export function followProcess(object: ProbeObject, pid: number): void {
  object.set('command_tree', packUint32(pid), PRESENT)
}

/** Keys by map name. */
function filterSets(filters: RecordFilters): [string, Uint8Array[]][] {
  return [
    ['pid_filter', filters.pids.map(packUint32)],
    ['uid_filter', filters.uids.map(packUint32)],
    ['port_filter', filters.ports.map(packUint32)],
    ['comm_filter', filters.comms.map(packComm)],
    ['destination_filter', filters.destinations.map(packPrefix)],
  ]
}

/** The map stays shared with its owner: changes during the recording take effect at once. */
function reusePinned(object: ProbeObject, map: string, path: string | null, shape: PinnedMapShape): void {
  if (path === null) return
  const fd = openPinnedMap(object.libbpf, path, shape)
  const result = object.libbpf.reuseFd(object.map(map), fd)
  closeSync(fd)
  object.require(result, `put ${path} into`)
}
