import { readClock } from '../probe/libc.js'

/** Session time and wall-clock time. All in ns. */
export interface SessionClock {
  /** CLOCK_MONOTONIC at the session's beginning. */
  readonly epochNs: bigint
  /** ns since the session began. */
  nowNs(): number
  /** Unix time minus session time, as it is now. */
  unixOffsetNs(): bigint
}

/** A change of the offset below this is noise of reading two clocks. */
export const CLOCK_STEP_NS = 100_000n

export function startClock(): SessionClock {
  const epochNs = readClock(1)
  return {
    epochNs,
    nowNs: () => Number(readClock(1) - epochNs),
    unixOffsetNs() {
      const before = readClock(1)
      const wall = readClock(0)
      const after = readClock(1)
      return wall - (before + after) / 2n + epochNs
    },
  }
}
