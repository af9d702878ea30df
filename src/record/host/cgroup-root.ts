import { closeSync, constants, openSync, readFileSync, statSync, statfsSync } from 'node:fs'

/** linux/magic.h */
const CGROUP2_SUPER_MAGIC = 0x63677270

/** Where cgroup v2 is mounted, `null` where it is not. The first mount wins, as in hybrid setups there is only one. */
export function findCgroupRoot(mounts = readMounts()): string | null {
  for (const line of mounts.split('\n')) {
    const [, path, type] = line.split(' ')
    if (type === 'cgroup2' && path) return unescapeMount(path)
  }
  return null
}

/** Whether `path` is a directory of cgroup v2. */
export function isCgroup2(path: string): boolean {
  try {
    return statSync(path).isDirectory() && isOfCgroup2(path)
  } catch {
    return false
  }
}

/**
 * Opens a directory of cgroup v2. What a path leads to may have changed since it was looked at: the kernel refuses with
 * O_DIRECTORY what is none without opening it, and what is open does not change any more.
 * @returns a file descriptor, `null` for anything else
 */
export function openCgroup(path: string): number | null {
  let fd = -1
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK)
    if (isOfCgroup2(`/proc/self/fd/${fd}`)) return fd
  } catch {
    // It is gone, or is no directory.
  }
  if (fd !== -1) closeSync(fd)
  return null
}

function isOfCgroup2(path: string): boolean {
  return statfsSync(path).type === CGROUP2_SUPER_MAGIC
}

function readMounts(): string {
  return readFileSync('/proc/self/mounts', 'utf8')
}

/** /proc/mounts writes blanks and the like as \040. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
