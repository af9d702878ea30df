import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { flock, LOCK_NOW } from '../native/libc.js'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * Runs `use` with a non-empty regular file of this user with one hard link, while no process records into it: a
 * recorder holds a lock on its file. An exclusive lock also prevents new recorders.
 * @returns `null` for other files
 * @throws EWOULDBLOCK if it is locked, and system errors
 */
export function lockRegularFile<Result>(
  path: string,
  lock: keyof typeof LOCK_NOW,
  use: (fd: number) => Result,
): Result | null {
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.uid !== process.geteuid?.() || stat.nlink !== 1 || stat.size === 0) return null
    if (flock(fd, LOCK_NOW[lock]) !== 0) throw Object.assign(new Error(`${path} is locked`), { code: 'EWOULDBLOCK' })
    return use(fd)
  } finally {
    closeSync(fd)
  }
}
