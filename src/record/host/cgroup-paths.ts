import { statSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBytes, encodeBytes } from '../../attempt/byte-text.js'
import { listCgroups, type CgroupTree } from './cgroup-tree.js'

/** Minimum interval of walks, which limits the cost of removed cgroups. */
const WALK_INTERVAL_MS = 1000
/** Limit of paths from walks, of other paths, and of ids that wait for a walk. */
export const MAX_KEPT = 65_536

/**
 * Path of a cgroup v2 id as in /proc/PID/cgroup (`/` for the root), `null` if it has none, `undefined` if the next walk
 * is not due yet: ask again.
 * @param isEnd whether this is the last call: walks the tree now
 */
export type FindCgroupPath = (id: bigint, isEnd?: boolean) => string | null | undefined

/** Paths of existing and removed cgroups. */
export interface CgroupPaths {
  readonly find: FindCgroupPath
  /** Paths of the last walk. */
  existing(): Iterable<string>
  /** Adds a new cgroup, which may be removed before its path is needed. */
  add(id: bigint, path: string): void
  /** Whether a walk found more cgroups than it may read: the others may have no path. */
  readonly isCut: boolean
}

/**
 * Paths of cgroup v2 ids, including existing cgroups. An id is the inode number of the cgroup's directory (fs/kernfs),
 * so a walk finds it without privileges. A partial tree is not walked: its paths start elsewhere.
 * @param now milliseconds of a monotonic clock
 */
export function createCgroupPaths(
  tree: CgroupTree | null,
  now = () => performance.now(),
  maxRead = MAX_KEPT,
): CgroupPaths {
  const root = tree?.isWhole ? tree.path : null
  const passing = createPassingPaths()
  const waiting = new Set<bigint>()
  let isCut = false
  const readAll = (path: string) => readTree(path, maxRead, () => (isCut = true))
  let there = root === null ? new Map<bigint, string>() : readAll(root)
  let walkedAt = -Infinity
  const walk = (path: string) => {
    walkedAt = now()
    const before = there
    there = readAll(path)
    for (const [id, known] of before) if (!there.has(id)) passing.add(id, known)
    // Ids are unique: a cgroup that made an attempt before the walk, and that the walk does not find, is removed.
    for (const id of waiting) if (find(id) === undefined) passing.add(id, null)
    waiting.clear()
  }
  const find = (id: bigint) => there.get(id) ?? passing.find(id)
  return {
    find(id, isEnd = false) {
      const path = find(id)
      if (path !== undefined) return path
      if (root === null) return null
      if (waiting.size < MAX_KEPT) waiting.add(id)
      if (!isEnd && now() - walkedAt < WALK_INTERVAL_MS) return undefined
      walk(root)
      return find(id)
    },
    existing: () => there.values(),
    add: passing.add,
    get isCut() {
      return isCut
    },
  }
}

/**
 * Paths that walks do not provide: new cgroups, and removed ones (`null` without a path). Evicted in order of
 * insertion. Paths found by walks live longer and are stored separately.
 */
function createPassingPaths() {
  const paths = new Map<bigint, string | null>()
  // One permanent iterator: a new one skips the slots of all removed entries first.
  const oldestFirst = paths.keys()
  return {
    find: (id: bigint) => paths.get(id),
    add(id: bigint, path: string | null) {
      paths.set(id, path)
      if (paths.size > MAX_KEPT) paths.delete(oldestFirst.next().value as bigint)
    },
  }
}

/** All existing cgroups up to the limit, those near the root first. */
function readTree(root: string, maxRead: number, onCut: () => void): Map<bigint, string> {
  const paths = new Map<bigint, string>()
  const base = decodeBytes(Buffer.from(root))
  const found = ['/']
  // The array grows during iteration.
  for (const path of found) {
    const directory = join(base, path)
    try {
      paths.set(statSync(encodeBytes(directory), { bigint: true }).ino, path)
      for (const name of listCgroups(directory)) {
        if (found.length < maxRead) found.push(join(path, name))
        else onCut()
      }
    } catch {
      // A cgroup may be removed while its parent is read.
    }
  }
  return paths
}
