import { readlinkSync } from 'node:fs'
import { UsageError } from '../../base/errors.js'
import type { Libbpf } from '../native/libbpf.js'

/** enum bpf_map_type */
const HASH_TYPES = [1, 9] // BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH
const INFO_BYTES = 80
/** Kernel name of the file behind a map descriptor; programs and links have other names. */
const MAP_FILE = 'anon_inode:bpf-map'

/** Shape of the maps for bcc's --cgroupmap and --mntnsmap. */
export interface PinnedMapShape {
  readonly option: '--cgroupmap' | '--mntnsmap'
  readonly keyBytes: number
  readonly valueBytes: number
  readonly content: string
}

export const CGROUPMAP: PinnedMapShape = { option: '--cgroupmap', keyBytes: 8, valueBytes: 8, content: 'cgroup ids' }
export const MNTNSMAP: PinnedMapShape = {
  option: '--mntnsmap',
  keyBytes: 8,
  valueBytes: 4,
  content: 'mount namespace inode numbers',
}

/**
 * Opens a map that another program pinned, and checks its shape. Under sudo this runs as root, so the error for any
 * other file reveals nothing about it, not even its existence.
 * @returns a file descriptor
 */
export function openPinnedMap(libbpf: Libbpf, path: string, shape: PinnedMapShape): number {
  const fd = libbpf.getPinned(path)
  const info = new Uint32Array(INFO_BYTES / 4)
  const isRead = fd >= 0 && isMapFile(fd) && readInfo(libbpf, fd, info)
  if (!isRead) throw wrongMap(shape, path, 'no readable pinned map')
  // struct bpf_map_info starts with type, id, key_size, value_size
  const [type = 0, , keyBytes, valueBytes] = info
  if (!HASH_TYPES.includes(type)) throw wrongMap(shape, path, `a map of type ${type}, not a hash`)
  if (keyBytes !== shape.keyBytes || valueBytes !== shape.valueBytes) {
    throw wrongMap(shape, path, `its keys have ${keyBytes} bytes, its values ${valueBytes}`)
  }
  return fd
}

function isMapFile(fd: number): boolean {
  return readlinkSync(`/proc/self/fd/${fd}`) === MAP_FILE
}

function readInfo(libbpf: Libbpf, fd: number, info: Uint32Array): boolean {
  return libbpf.getInfo(fd, new Uint8Array(info.buffer), Uint32Array.of(INFO_BYTES)) === 0
}

function wrongMap(shape: PinnedMapShape, path: string, why: string): UsageError {
  const { option, keyBytes, valueBytes, content } = shape
  const accepted = `the path of a pinned BPF hash of ${content} (${keyBytes}-byte keys, ${valueBytes}-byte values)`
  return new UsageError(option, path, `${accepted}; here: ${why}`)
}
