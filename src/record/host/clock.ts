import { readClockOffset } from '../../attempt/time-namespace.js'
import { readWallClock } from '../native/libc.js'

/** Recording time: ns since the recording began, in all of its files. Exact for 104 days, then rounded to 2 ns. */
export interface RecordingClock {
  /** CLOCK_MONOTONIC at the start of the recording. */
  readonly epochNs: bigint
  nowNs(): number
  /** Current Unix time minus recording time. */
  unixOffsetNs(): bigint
}

/** The start of a file. Only what is written into the file is relative to it. */
export interface FileStart {
  /** Recording time */
  readonly sinceNs: number
  /** Read once: the file name and the session have the same second. */
  readonly unixNs: bigint
}

const READINGS = 5

/** Smaller offset changes are noise of reading two clocks. */
export const CLOCK_STEP_NS = 100_000n

export function startClock(): RecordingClock {
  const epochNs = readMonotonicClock()
  return {
    epochNs,
    nowNs: () => Number(readMonotonicClock() - epochNs),
    unixOffsetNs: () => readOffset() + epochNs,
  }
}

/** Starts a file now. */
export function startFile(clock: Pick<RecordingClock, 'nowNs' | 'unixOffsetNs'>): FileStart {
  const sinceNs = clock.nowNs()
  return { sinceNs, unixNs: clock.unixOffsetNs() + BigInt(sinceNs) }
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
