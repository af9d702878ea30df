import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBytes } from '../../attempt/byte-text.js'
import { listCgroups, openCgroup } from '../host/cgroup-tree.js'
import type { Libbpf } from '../native/libbpf.js'

/** enum bpf_attach_type: BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT */
const ATTACH_TYPES = [10, 11]
/** Includes programs of the cgroup's ancestors. */
const BPF_F_QUERY_EFFECTIVE = 1
/** BPF_CGROUP_MAX_PROGS */
const MAX_PROGRAMS = 64
const ENOSPC = 28
/** The walk starts at the root, near which load balancers attach. */
export const MAX_CGROUPS = 4096

/** Programs that run in connect(2). */
export interface ConnectPrograms {
  readonly names: readonly string[]
  /** Whether there are more cgroups than the limit */
  readonly isCut: boolean
}

/** First bytes of struct bpf_prog_info, with the name of 16 bytes at their end. */
const INFO_BYTES = 80
const NAME = 64

/**
 * Names of the BPF programs that run in connect(2) of IPv4 and IPv6 and can replace the requested address: socket load
 * balancing. Requires CAP_NET_ADMIN, and CAP_SYS_ADMIN for names.
 * @param root of the cgroup v2 tree, `null` if it is not mounted
 * @returns `null` if they cannot be listed
 */
export function findConnectPrograms(libbpf: Libbpf, root: string | null): ConnectPrograms | null {
  if (root === null) return null
  const ids = new Set<number>()
  const base = decodeBytes(Buffer.from(root))
  const found = ['/']
  // The array grows during iteration.
  for (const path of found) {
    const directory = join(base, path)
    const listed = listPrograms(libbpf, directory, path === '/')
    if (listed === null && path === '/') return null
    for (const id of listed ?? []) ids.add(id)
    if (found.length < MAX_CGROUPS) found.push(...listChildren(directory).map((name) => join(path, name)))
  }
  return { names: [...new Set([...ids].map((id) => nameOf(libbpf, id)))], isCut: found.length >= MAX_CGROUPS }
}

function listChildren(directory: string): string[] {
  try {
    return listCgroups(directory)
  } catch {
    // It was removed.
    return []
  }
}

function listPrograms(libbpf: Libbpf, directory: string, isRoot: boolean): number[] | null {
  const fd = openCgroup(directory)
  if (fd === null) return null
  try {
    const lists = ATTACH_TYPES.map((type) => queryPrograms(libbpf, fd, type, isRoot ? BPF_F_QUERY_EFFECTIVE : 0))
    return lists.includes(null) ? null : lists.flatMap((list) => list ?? [])
  } finally {
    closeSync(fd)
  }
}

function queryPrograms(libbpf: Libbpf, fd: number, type: number, flags: number): number[] | null {
  const ids = new Uint32Array(MAX_PROGRAMS)
  const count = Uint32Array.of(MAX_PROGRAMS)
  const result = libbpf.queryPrograms(fd, type, flags, null, ids, count)
  return result === 0 || result === -ENOSPC ? [...ids.subarray(0, Math.min(MAX_PROGRAMS, count[0] ?? 0))] : null
}

function nameOf(libbpf: Libbpf, id: number): string {
  const fd = libbpf.programFdById(id)
  if (fd < 0) return `program ${id}`
  try {
    const info = new Uint8Array(INFO_BYTES)
    if (libbpf.getInfo(fd, info, Uint32Array.of(INFO_BYTES)) !== 0) return `program ${id}`
    const name = Buffer.from(info.subarray(NAME)).toString('latin1').split('\0')[0]
    return name || `program ${id}`
  } finally {
    closeSync(fd)
  }
}
