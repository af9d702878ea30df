import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A tree is walked at most this often, so that cgroups that are gone cost little. */
const WALK_INTERVAL_MS = 1000
/** Of each: paths of a walk, paths beside those, and ids that wait for a walk. */
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
  const passing = createPassingPaths()
  const waiting = new Set<bigint>()
  let there = root === null ? new Map<bigint, string>() : readTree(root)
  let walkedAt = -Infinity
  const walk = (path: string) => {
    walkedAt = now()
    const before = there
    there = readTree(path)
    for (const [id, known] of before) if (!there.has(id)) passing.add(id, known)
    // Ids are not given twice: a cgroup that made an attempt before the walk and is not found by it is gone for good.
    for (const id of waiting) if (find(id) === undefined) passing.add(id, null)
    waiting.clear()
  }
  const find = (id: bigint) => there.get(id) ?? passing.find(id)
  return {
    find(id, isEnd = false) {
      if (root === null) return null
      const path = find(id)
      if (path !== undefined) return path
      if (waiting.size < MAX_KEPT) waiting.add(id)
      if (!isEnd && now() - walkedAt < WALK_INTERVAL_MS) return undefined
      walk(root)
      return find(id)
    },
    add: passing.add,
  }
}

/**
 * What no walk has to have found: cgroups that were made, and those that are gone, `null` without a path. The first that came
 * are the first to be forgotten; those that a walk finds, which are there for longer, are kept elsewhere.
 */
function createPassingPaths() {
  const paths = new Map<bigint, string | null>()
  // One iterator for good: a new one has to pass all places whose entries are gone before it comes to the first.
  const oldestFirst = paths.keys()
  return {
    find: (id: bigint) => paths.get(id),
    add(id: bigint, path: string | null) {
      paths.set(id, path)
      if (paths.size > MAX_KEPT) paths.delete(oldestFirst.next().value as bigint)
    },
  }
}

/** All cgroups that are there, those near the root first, as many as are kept. */
function readTree(root: string): Map<bigint, string> {
  const paths = new Map<bigint, string>()
  const found = ['/']
  // Grows while it is read.
  for (const path of found) {
    try {
      paths.set(statSync(join(root, path), { bigint: true }).ino, path)
      for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
        if (entry.isDirectory() && found.length < MAX_KEPT) found.push(join(path, entry.name))
      }
    } catch {
      // A cgroup may be removed while its parent is read.
    }
  }
  return paths
}
