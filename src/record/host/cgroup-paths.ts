import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A tree is walked at most this often, so that cgroups that are gone cost little. */
const WALK_INTERVAL_MS = 1000

/**
 * Paths of cgroup v2 ids below `root`. An id is the inode number of the cgroup's directory (fs/kernfs), so a walk of
 * the tree finds it without privileges.
 * @param now milliseconds, of any clock that only goes forward
 * @returns a function that gives the path as in /proc/PID/cgroup (`/` for the root), `null` when it is not found
 */
export function createCgroupPaths(root: string | null, now = () => performance.now()): (id: bigint) => string | null {
  let paths = new Map<bigint, string>()
  let walkedAt = -Infinity
  return (id) => {
    const known = paths.get(id)
    if (known !== undefined || root === null || now() - walkedAt < WALK_INTERVAL_MS) return known ?? null
    walkedAt = now()
    paths = walk(root)
    return paths.get(id) ?? null
  }
}

function walk(root: string): Map<bigint, string> {
  const paths = new Map<bigint, string>()
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
  return paths
}
