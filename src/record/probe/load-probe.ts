import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { TcpconnError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { RecordFilters } from '../options/record-filters.js'
import { openLibbpf, lastErrno, type Libbpf, type Pointer } from './libbpf.js'
import { captureLibbpfLog, type LibbpfLog } from './libbpf-log.js'
import { strerror } from './libc.js'
import { mapMemory } from './memory.js'
import { packComm, packFilters, packPrefix, packUint32 } from './pack-filters.js'
import { CGROUPMAP, MNTNSMAP, openPinnedMap } from './pinned-map.js'
import { openRing, type RingReader } from './ring-reader.js'
import { readPending, type PendingEvents } from './pending.js'
import { connectEvent, probeState } from './wire.gen.js'

/** The compiled probe. */
export const PROBE_OBJECT = join(PACKAGE_ROOT, 'dist/tcpconn.bpf.o')
/** As in bpf/tcpconn.bpf.c. */
export const RING_BYTES = 16 * 1024 * 1024
/** Processes of a command that are followed at the same time. */
const COMMAND_TREE_ENTRIES = 65536
const PRESENT = Uint8Array.of(1)

/** The probe, attached. It takes up attempts between `start` and `stop`. */
export interface Probe {
  readonly ring: RingReader
  /** Totals since load, by cause. */
  lost(): { ringFull: number; mapFull: number }
  /** Follows this process and all that it forks from now on. Only with `followsCommand`. */
  follow(pid: number): void
  start(): void
  /** Takes up no more attempts and detaches. What is in the ring and in the map of pending attempts stays. */
  stop(): void
  /** The attempts that have no answer yet; to be read after `stop`. */
  pending(): PendingEvents
  close(): void
}

/**
 * Loads and attaches the probe. Needs root or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; nothing that follows does, but
 * `pending` and `follow` need CAP_BPF on older kernels.
 * @throws E_LIBBPF_MISSING, E_PROBE, E_USAGE (pinned maps)
 */
export function loadProbe(filters: RecordFilters, followsCommand: boolean): Probe {
  const libbpf = openLibbpf()
  const log = captureLibbpfLog(libbpf)
  try {
    return openProbe(libbpf, log, filters, followsCommand)
  } finally {
    log.stop()
  }
}

function openProbe(libbpf: Libbpf, log: LibbpfLog, filters: RecordFilters, followsCommand: boolean): Probe {
  const object = libbpf.openFile(PROBE_OBJECT, null)
  if (!object) throw probeError(log, 'open')
  const findMap = (name: string) => libbpf.findMap(object, name) as Pointer
  libbpf.setInitialValue(findMap('.rodata'), packFilters(filters, followsCommand), packFilters(filters, false).length)
  const programs = ['trace_connect', ...(followsCommand ? ['follow_fork', 'forget_exit'] : [])]
  for (const name of ['follow_fork', 'forget_exit']) {
    libbpf.setAutoload(libbpf.findProgram(object, name) as Pointer, followsCommand)
  }
  const sets = filterSets(filters)
  for (const [map, keys] of sets) libbpf.setMaxEntries(findMap(map), Math.max(1, keys.length))
  libbpf.setMaxEntries(findMap('cgroup_filter'), Math.max(1, filters.cgroups.length))
  libbpf.setMaxEntries(findMap('command_tree'), followsCommand ? COMMAND_TREE_ENTRIES : 1)
  reusePinned(libbpf, findMap('cgroupmap'), filters.cgroupmap, CGROUPMAP)
  reusePinned(libbpf, findMap('mntnsmap'), filters.mntnsmap, MNTNSMAP)

  if (libbpf.load(object) !== 0) throw probeError(log, 'load')
  const fdOf = (name: string) => libbpf.mapFd(findMap(name))
  const set = (map: string, key: Uint8Array, value: Uint8Array) => {
    if (libbpf.updateElement(fdOf(map), key, value, 0) !== 0) throw probeError(log, `fill ${map} of`)
  }
  for (const [map, keys] of sets) for (const key of keys) set(map, key, PRESENT)
  filters.cgroups.forEach((path, i) => withDirectory(path, (fd) => set('cgroup_filter', packUint32(i), packUint32(fd))))
  const links = programs.map((name) => attach(libbpf, log, libbpf.findProgram(object, name) as Pointer))

  const ring = openRing(fdOf('events'), RING_BYTES)
  const stateMemory = mapMemory(fdOf('.bss'), 'write', 0, probeState.size_bytes)
  const state = new Uint32Array(stateMemory.buffer)
  const count = (offset: number) => (state[offset / 4] as number) + (state[offset / 4 + 1] as number) * 2 ** 32
  return {
    ring,
    lost: () => ({
      ringFull: count(probeState.lost_ring_full_count),
      mapFull: count(probeState.lost_map_full_count),
    }),
    follow: (pid) => set('command_tree', packUint32(pid), PRESENT),
    start: () => void Atomics.store(state, probeState.recording / 4, 1),
    stop() {
      Atomics.store(state, probeState.recording / 4, 0)
      for (const link of links.splice(0)) libbpf.destroyLink(link)
    },
    pending: () => readPending(libbpf, fdOf('pending'), connectEvent.size_bytes),
    close() {
      ring.close()
      stateMemory.unmap()
      libbpf.close(object)
    },
  }
}

/** Sets of keys, by the map that holds them. */
function filterSets(filters: RecordFilters): [string, Uint8Array[]][] {
  return [
    ['pid_filter', filters.pids.map(packUint32)],
    ['uid_filter', filters.uids.map(packUint32)],
    ['port_filter', filters.ports.map(packUint32)],
    ['comm_filter', filters.comms.map(packComm)],
    ['destination_filter', filters.destinations.map(packPrefix)],
  ]
}

function reusePinned(libbpf: Libbpf, map: Pointer, path: string | null, shape: typeof CGROUPMAP): void {
  if (path === null) return
  const fd = openPinnedMap(libbpf, path, shape)
  libbpf.reuseFd(map, fd)
  closeSync(fd)
}

function withDirectory(path: string, use: (fd: number) => void): void {
  const fd = openSync(path, 'r')
  try {
    use(fd)
  } finally {
    closeSync(fd)
  }
}

function attach(libbpf: Libbpf, log: LibbpfLog, program: Pointer): Pointer {
  const link = libbpf.attach(program)
  if (!link) throw probeError(log, 'attach')
  return link
}

function probeError(log: LibbpfLog, step: string): TcpconnError {
  const errno = lastErrno()
  return new TcpconnError('E_PROBE', {
    what: `cannot ${step} the probe: ${strerror(errno)}`,
    reason: log.summary(),
    hint: 'tcpconn doctor checks what this host has; report this with its output if all is ok there',
    cause: new Error(log.text()),
  })
}
