import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { flock, LOCK_NOW } from '../probe/libc.js'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * Runs `use` with a plain file of this user that has this one name and something in it, while nobody records into it: a
 * recorder locks its file for as long as it has it. With an exclusive lock nobody begins to, either.
 * @returns `null` for anything else
 * @throws EWOULDBLOCK while it is locked, and what the system answers
 */
export function holdPlainFile<Result>(
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
