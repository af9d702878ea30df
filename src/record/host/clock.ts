import { readWallClock } from '../probe/libc.js'

/** Session time and wall-clock time. All in ns. */
export interface SessionClock {
  /** CLOCK_MONOTONIC at the session's beginning. */
  readonly epochNs: bigint
  /** Unix time at the session's beginning, read once: a file's name and its session tell the same second. */
  readonly startedUnixNs: bigint
  /** ns since the session began. */
  nowNs(): number
  /** Unix time minus session time, as it is now. */
  unixOffsetNs(): bigint
}

const READINGS = 5

/** A change of the offset below this is noise of reading two clocks. */
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

/** Wall clock minus monotonic clock, from the reading that was interrupted least. */
function readOffset(): bigint {
  const readings = Array.from({ length: READINGS }, () => {
    const before = readMonotonicClock()
    const wall = readWallClock()
    const after = readMonotonicClock()
    return { width: after - before, offset: wall - (before + after) / 2n }
  })
  return readings.reduce((best, one) => (one.width < best.width ? one : best)).offset
}

/** The clock that the probe stamps events with: libuv reads CLOCK_MONOTONIC for this. */
export function readMonotonicClock(): bigint {
  return process.hrtime.bigint()
}
