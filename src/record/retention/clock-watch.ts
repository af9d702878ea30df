/** A larger change of the wall clock against the other clock is not drift. */
const STEP_MS = 60_000
/** Time in which a wrongly set clock is likely to be corrected. */
const DOUBT_MS = 3_600_000

/** The clocks of a host, in ms. */
export interface Clocks {
  /** A clock that includes suspend, like the wall clock */
  sinceBoot(): number
  /** Unix time */
  wall(): number
}

/**
 * Returns a function that reports whether the wall clock is reliable for file ages: not within one hour after it was
 * set, since a clock set ahead by mistake would expire all files. Call it periodically.
 */
export function watchClock({ sinceBoot, wall }: Clocks): () => boolean {
  let offsetMs = wall() - sinceBoot()
  let steppedMs = -Infinity
  return () => {
    const nowMs = sinceBoot()
    const before = offsetMs
    offsetMs = wall() - nowMs
    if (Math.abs(offsetMs - before) > STEP_MS) steppedMs = nowMs
    return nowMs - steppedMs >= DOUBT_MS
  }
}
