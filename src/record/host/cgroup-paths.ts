import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A tree is walked at most this often, so that cgroups that are gone cost little. */
const WALK_INTERVAL_MS = 1000
/** Paths that are kept: beyond it the oldest are forgotten, those of cgroups that are long gone first of all. */
const MAX_KEPT = 65_536

/**
 * Path of a cgroup v2 id as in /proc/PID/cgroup (`/` for the root), `null` when there is none, `undefined` when it is too
 * early for another walk: to be asked for again.
 * @param isEnd whether there will be no later: the tree is walked now
 */
export type FindCgroupPath = (id: bigint, isEnd?: boolean) => string | null | undefined

/** Paths of the cgroups that are or were there. */
export interface CgroupPaths {
  readonly find: FindCgroupPath
  /** Takes up a cgroup that was made: it may be gone before anybody asks for it. */
  add(id: bigint, path: string): void
}

/**
 * Paths of cgroup v2 ids below `root`, those that are there now among them. An id is the inode number of the cgroup's
 * directory (fs/kernfs), so a walk of the tree finds it without privileges.
 * @param now milliseconds, of any clock that only goes forward
 */
export function createCgroupPaths(root: string | null, now = () => performance.now()): CgroupPaths {
  const known = new Map<bigint, string | null>()
  const waiting = new Set<bigint>()
  let walkedAt = -Infinity
  const walk = (path: string) => {
    walkedAt = now()
    // Ids are not given twice: a cgroup that made an attempt before the walk and is not found by it is gone for good.
    for (const gone of waiting) known.set(gone, null)
    waiting.clear()
    readTree(path, known)
  }
  if (root !== null) readTree(root, known)
  return {
    find(id, isEnd = false) {
      if (root === null) return null
      const path = known.get(id)
      if (path !== undefined) return path
      waiting.add(id)
      if (!isEnd && now() - walkedAt < WALK_INTERVAL_MS) return undefined
      walk(root)
      return known.get(id)
    },
    add(id, path) {
      known.set(id, path)
      const [oldest] = known.keys()
      if (known.size > MAX_KEPT && oldest !== undefined) known.delete(oldest)
    },
  }
}

/** Adds all cgroups that are there. */
function readTree(root: string, paths: Map<bigint, string | null>): void {
  const open = ['/']
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    try {
      paths.set(statSync(join(root, path), { bigint: true }).ino, path)
      for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
        if (entry.isDirectory()) open.push(join(path, entry.name))
      }
    } catch {
      // A cgroup may be removed while its parent is read.
    }
  }
}
