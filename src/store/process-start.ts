import { readFileSync } from 'node:fs'

/** Start time of a process in clock ticks since boot, field 22 of /proc/PID/stat; `null` when there is none. */
export function readStartTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in parentheses and may hold any of them, and blanks.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return null
  }
}
