/** A change of the wall clock against the other one that is no drift. */
const STEP_MS = 60_000
/** How long it takes somebody to set a clock right again that was set wrong. */
const DOUBT_MS = 3_600_000

/** The clocks of a host, in ms. */
export interface Clocks {
  /** One that goes on while the host sleeps, as the wall clock does */
  sinceBoot(): number
  /** Unix time */
  wall(): number
}

/**
 * Tells whether the wall clock can be asked for the age of files: not within the hour after it was set, which one that was set
 * ahead by mistake would make the end of all of them. To be called now and then.
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
