import { closeSync, openSync } from 'node:fs'
import type { RecordFilters } from '../options/record-filters.js'
import { packComm, packFilters, packPrefix, packUint32 } from './pack-filters.js'
import { CGROUPMAP, MNTNSMAP, openPinnedMap, type PinnedMapShape } from './pinned-map.js'
import type { ProbeObject } from './probe-object.js'

/** Processes of a command that are followed at the same time. */
const COMMAND_TREE_ENTRIES = 65536
const PRESENT = Uint8Array.of(1)
const COMMAND_PROGRAMS = ['follow_fork', 'forget_exit']

/** Settings that have to stand before the object is loaded. @throws E_USAGE for a pinned map that does not fit */
export function configureProbe(object: ProbeObject, filters: RecordFilters, followsCommand: boolean): void {
  const { libbpf } = object
  const settings = packFilters(filters, followsCommand)
  object.require(libbpf.setInitialValue(object.map('.rodata'), settings, settings.length), 'set the filters of')
  for (const name of COMMAND_PROGRAMS)
    object.require(libbpf.setAutoload(object.program(name), followsCommand), 'choose the programs of')
  const resize = (map: string, count: number) =>
    object.require(libbpf.setMaxEntries(object.map(map), Math.max(1, count)), `size ${map} of`)
  for (const [map, keys] of filterSets(filters)) resize(map, keys.length)
  resize('cgroup_filter', filters.cgroups.length)
  resize('command_tree', followsCommand ? COMMAND_TREE_ENTRIES : 0)
  reusePinned(object, 'cgroupmap', filters.cgroupmap, CGROUPMAP)
  reusePinned(object, 'mntnsmap', filters.mntnsmap, MNTNSMAP)
}

/** What the filters let through, put into the loaded maps. @throws E_PROBE */
export function fillFilters(object: ProbeObject, filters: RecordFilters): void {
  for (const [map, keys] of filterSets(filters)) for (const key of keys) object.set(map, key, PRESENT)
  filters.cgroups.forEach((path, i) => {
    const fd = openSync(path, 'r')
    try {
      object.set('cgroup_filter', packUint32(i), packUint32(fd))
    } finally {
      closeSync(fd)
    }
  })
}

/** Programs to attach. */
export function programsFor(followsCommand: boolean): string[] {
  return ['follow_connect', 'follow_interrupted', ...(followsCommand ? COMMAND_PROGRAMS : [])]
}

/** Lets a process and all that it forks from now on through. */
export function followProcess(object: ProbeObject, pid: number): void {
  object.set('command_tree', packUint32(pid), PRESENT)
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

/** The map stays its owner's: what is added to it while recording runs counts at once. */
function reusePinned(object: ProbeObject, map: string, path: string | null, shape: PinnedMapShape): void {
  if (path === null) return
  const fd = openPinnedMap(object.libbpf, path, shape)
  const result = object.libbpf.reuseFd(object.map(map), fd)
  closeSync(fd)
  object.require(result, `put ${path} into`)
}
