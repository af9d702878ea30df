import { readClockOffset } from '../../attempt/time-namespace.js'
import { readWallClock } from '../native/libc.js'

/** Session time and wall-clock time. All in ns. */
export interface SessionClock {
  /** CLOCK_MONOTONIC at the start of the session. */
  readonly epochNs: bigint
  /** Unix time at the start of the session, read once: the file name and the session have the same second. */
  readonly startedUnixNs: bigint
  /** ns since the session began. */
  nowNs(): number
  /** Current Unix time minus session time. */
  unixOffsetNs(): bigint
}

const READINGS = 5

/** Smaller offset changes are noise of reading two clocks. */
export const CLOCK_STEP_NS = 100_000n

export function startClock(): SessionClock {
  const epochNs = readMonotonicClock()
  const unixOffsetNs = () => readOffset() + epochNs
  return {
    epochNs,
    startedUnixNs: unixOffsetNs(),
    nowNs: () => Number(readMonotonicClock() - epochNs),
    unixOffsetNs,
  }
}

/** Wall clock minus monotonic clock in ns, from the least interrupted reading. */
export function readOffset(clocks = { monotonic: readMonotonicClock, wall: readWallClock }): bigint {
  const readings = Array.from({ length: READINGS }, () => {
    const before = clocks.monotonic()
    const wall = clocks.wall()
    const after = clocks.monotonic()
    return { width: after - before, offset: wall - (before + after) / 2n }
  })
  return readings.reduce((best, one) => (one.width < best.width ? one : best)).offset
}

/** A process never changes its time namespace. */
const NAMESPACE_OFFSET_NS = readClockOffset('monotonic')

/**
 * The clock of the probe's timestamps, in ns. libuv reads CLOCK_MONOTONIC, which time namespaces offset for processes
 * but not for the kernel.
 */
export function readMonotonicClock(): bigint {
  return process.hrtime.bigint() - NAMESPACE_OFFSET_NS
}

/** Blocks this thread: other processes can use the CPU, other tasks of this process wait. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
