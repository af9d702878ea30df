import { closeSync, openSync } from 'node:fs'
import { lastError, setns } from '../native/libc.js'

/** uapi/linux/sched.h */
const TYPES = { net: 0x40000000, uts: 0x04000000, cgroup: 0x02000000 } as const

/**
 * Runs `body` in another namespace of this thread, and returns to the original one.
 * @param path of the namespace: /proc/PID/ns/net, or a name in /run/netns
 * @returns the result of `body`; `null` if it throws, or if the namespace cannot be entered, as without CAP_SYS_ADMIN
 */
export function inNamespace<Result>(type: keyof typeof TYPES, path: string, body: () => Result): Result | null {
  const home = openOrNull(`/proc/thread-self/ns/${type}`)
  const there = home === null ? null : openOrNull(path)
  try {
    if (home === null || there === null || setns(there, TYPES[type]) !== 0) return null
    try {
      return body()
    } catch {
      return null
    } finally {
      comeBack(home, type)
    }
  } finally {
    for (const fd of [home, there]) if (fd !== null) closeSync(fd)
  }
}

/** @returns `null` for a name that does not exist */
function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch {
    return null
  }
}

function comeBack(home: number, type: keyof typeof TYPES): void {
  if (setns(home, TYPES[type]) === 0) return
  throw new Error(`cannot return to the ${type} namespace of this process: ${lastError()}`)
}
