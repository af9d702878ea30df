/** A change of the wall clock against the other one that is no drift. */
const STEP_MS = 60_000
/** How long it takes somebody to set a clock right again that was set wrong. */
const DOUBT_MS = 3_600_000

/** The two clocks of a host, in ms. */
export interface Clocks {
  /** One that only goes forward */
  now(): number
  /** Unix time */
  wall(): number
}

/**
 * Tells whether the wall clock can be asked for the age of files: not within the hour after it was set, which one that was set
 * ahead by mistake would make the end of all of them. To be called now and then.
 */
export function watchClock({ now, wall }: Clocks): () => boolean {
  let offsetMs = wall() - now()
  let steppedMs = -Infinity
  return () => {
    const nowMs = now()
    const before = offsetMs
    offsetMs = wall() - nowMs
    if (Math.abs(offsetMs - before) > STEP_MS) steppedMs = nowMs
    return nowMs - steppedMs >= DOUBT_MS
  }
}
