import { closeSync, constants, openSync, readdirSync, statSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBytes, encodeBytes } from '../../attempt/byte-text.js'
import { fsconfig, fsmount, fsopen } from '../native/libc.js'
import { inNamespace } from './in-namespace.js'
import { readMounts } from './mounts.js'

/** linux/magic.h */
const CGROUP2_SUPER_MAGIC = 0x63677270
/** Inode number of the root of a hierarchy: fs/kernfs/dir.c, kernfs_create_root */
const ROOT_INODE = 1
/** Usual mount points below the host's root */
const USUAL_MOUNTS = ['sys/fs/cgroup', 'sys/fs/cgroup/unified']

/** A visible cgroup v2 tree. */
export interface CgroupTree {
  readonly path: string
  /**
   * Whether it starts at the root of the hierarchy. In a private cgroup namespace, the default of podman and docker, a
   * mount starts at the container's own cgroup.
   */
  readonly isWhole: boolean
}

/** Inputs of the search. */
export interface CgroupPlaces {
  /** The host's root directory, `null` if it is not visible */
  readonly root: string | null
  /** Processes in the host's cgroup namespace */
  readonly hostPids: readonly string[]
  /** Mount points of cgroup v2 in this mount namespace */
  readonly mounts?: readonly string[]
}

/**
 * The whole tree if possible: mounted here, mounted on the host, or mounted for this process alone in the cgroup
 * namespace of a host process, which requires CAP_SYS_ADMIN and CAP_SYS_PTRACE. Otherwise the tree mounted here, or
 * `null`.
 */
export function findCgroupTree({ root, hostPids, mounts = listCgroupMounts() }: CgroupPlaces): CgroupTree | null {
  const ofHost = root === null ? [] : USUAL_MOUNTS.map((path) => join(root, path))
  const whole = [...mounts, ...ofHost].find(isWholeTree) ?? mountPrivately(hostPids)
  if (whole !== null) return { path: whole, isWhole: true }
  const part = mounts.find(isCgroup2)
  return part === undefined ? null : { path: part, isWhole: false }
}

function listCgroupMounts(): string[] {
  return readMounts().flatMap(({ path, type }) => (type === 'cgroup2' ? [path] : []))
}

function isWholeTree(path: string): boolean {
  return isCgroup2(path) && statSync(path).ino === ROOT_INODE
}

/**
 * A mount starts at the root of the cgroup namespace it is created in. This one is in no mount namespace, so no other
 * process sees it.
 */
function mountPrivately(hostPids: readonly string[]): string | null {
  for (const pid of hostPids) {
    const fd = inNamespace('cgroup', `/proc/${pid}/ns/cgroup`, mountDetached) ?? -1
    const path = `/proc/self/fd/${fd}`
    if (fd >= 0 && isWholeTree(path)) return path
    if (fd >= 0) closeSync(fd)
  }
  return null
}

/** @returns a descriptor of its root, negative on failure */
function mountDetached(): number {
  const context = fsopen('cgroup2')
  if (context < 0) return -1
  const mount = fsconfig(context) < 0 ? -1 : fsmount(context)
  closeSync(context)
  return mount
}

/** Whether `path` is a cgroup v2 directory. */
export function isCgroup2(path: string | Buffer): boolean {
  try {
    return statSync(path).isDirectory() && isOfCgroup2(path)
  } catch {
    return false
  }
}

/**
 * Opens a cgroup v2 directory. The path may have changed since it was checked: with O_DIRECTORY the kernel refuses
 * anything else without opening it, and the open directory does not change.
 * @param path as returned by `decodeBytes`
 * @returns a file descriptor, `null` for anything else
 */
export function openCgroup(path: string): number | null {
  let fd = -1
  try {
    fd = openSync(encodeBytes(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK)
    if (isOfCgroup2(`/proc/self/fd/${fd}`)) return fd
  } catch {
    // It does not exist, or is not a directory.
  }
  if (fd !== -1) closeSync(fd)
  return null
}

/**
 * Names of the child cgroups, which can contain any bytes.
 * @param directory path as returned by `decodeBytes`, like the names
 * @throws errors of the file system: a cgroup can be removed at any time
 */
export function listCgroups(directory: string): string[] {
  const entries = readdirSync(encodeBytes(directory), { withFileTypes: true, encoding: 'latin1' })
  return entries.flatMap((entry) => (entry.isDirectory() ? [decodeBytes(Buffer.from(entry.name, 'latin1'))] : []))
}

function isOfCgroup2(path: string | Buffer): boolean {
  return statfsSync(path).type === CGROUP2_SUPER_MAGIC
}
