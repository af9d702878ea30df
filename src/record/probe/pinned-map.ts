import { statfsSync } from 'node:fs'
import { UsageError } from '../../errors.js'
import { lastErrno, type Libbpf } from './libbpf.js'
import { strerror } from './libc.js'

/** enum bpf_map_type */
const HASH_TYPES = [1, 9] // BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH
const INFO_BYTES = 80
/** linux/magic.h */
const BPF_FS_MAGIC = 0xcafe4a11

/** Shape of the sets that bcc's --cgroupmap and --mntnsmap take. */
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
 * Opens a map that somebody else pinned, and checks its shape.
 * @returns a file descriptor
 */
export function openPinnedMap(libbpf: Libbpf, path: string, shape: PinnedMapShape): number {
  const fd = libbpf.getPinned(path)
  if (fd < 0) {
    const why = strerror(lastErrno())
    throw wrongMap(shape, path, isOutsideBpf(path) ? 'it is not a pinned BPF map' : why)
  }
  const info = new Uint32Array(INFO_BYTES / 4)
  if (libbpf.getInfo(fd, new Uint8Array(info.buffer), Uint32Array.of(INFO_BYTES)) !== 0) {
    throw wrongMap(shape, path, 'it is not a map')
  }
  // struct bpf_map_info begins with type, id, key_size, value_size
  const [type = 0, , keyBytes, valueBytes] = info
  if (!HASH_TYPES.includes(type)) throw wrongMap(shape, path, `it is of type ${type}, not a hash`)
  if (keyBytes !== shape.keyBytes || valueBytes !== shape.valueBytes) {
    throw wrongMap(shape, path, `its keys have ${keyBytes} bytes, its values ${valueBytes}`)
  }
  return fd
}

/** Whether there is something that cannot be pinned: only the BPF file system holds that. */
function isOutsideBpf(path: string): boolean {
  try {
    return statfsSync(path).type !== BPF_FS_MAGIC
  } catch {
    return false
  }
}

function wrongMap(shape: PinnedMapShape, path: string, why: string): UsageError {
  const { option, keyBytes, valueBytes, content } = shape
  const accepted = `the path of a pinned BPF hash of ${content} (${keyBytes}-byte keys, ${valueBytes}-byte values)`
  return new UsageError(option, path, `${accepted}; here: ${why}`)
}
