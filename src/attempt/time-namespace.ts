import { readFileSync, readlinkSync } from 'node:fs'

const NS_PER_SECOND = 1_000_000_000n
const HERE = '/proc/self/ns/time'
/** The time namespace of children, whose offsets are in /proc/self/timens_offsets. */
const OF_CHILDREN = '/proc/self/ns/time_for_children'

/**
 * Offset of a clock in this process's time namespace against the kernel's clock, in ns; 0 in the initial namespace. The
 * probe and the kernel's process records use kernel time (time_namespaces(7)).
 * @param offsets contents of /proc/self/timens_offsets: lines of clock, seconds and nanoseconds
 */
export function readClockOffset(clock: 'monotonic' | 'boottime', offsets = readOffsets()): bigint {
  for (const line of offsets.split('\n')) {
    const [name, seconds = '0', nanoseconds = '0'] = line.trim().split(/\s+/)
    if (name === clock) return BigInt(seconds) * NS_PER_SECOND + BigInt(nanoseconds)
  }
  return 0n
}

/**
 * Offsets of this process's own namespace. Before Linux 6.3, a program run by unshare(1) without --fork is still in the
 * old one.
 * @param readLink `readlinkSync` or a substitute
 */
export function readOffsets(readLink: (path: string) => string = readlinkSync): string {
  try {
    return readLink(HERE) === readLink(OF_CHILDREN) ? readFileSync('/proc/self/timens_offsets', 'utf8') : ''
  } catch {
    // This kernel does not support time namespaces.
    return ''
  }
}
