import { readFileSync } from 'node:fs'
import { readClockOffset } from './time-namespace.js'

/** USER_HZ is 100 on all supported architectures. */
const NS_PER_TICK = 10_000_000n

/**
 * Start time of a process in clock ticks since boot: field 22 of /proc/PID/stat. Time namespaces agree to one tick,
 * because the kernel adds the namespace offset before it divides. `null` if there is no such process.
 */
export function readStartTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in parentheses. It can contain parentheses and blanks.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    return ticks - Number(readClockOffset('boottime') / NS_PER_TICK)
  } catch {
    return null
  }
}
