/** Where a replay should be in its trace: ns since the first attempt. */
export interface ReplayClock {
  /** Moves on by the time since the last call. */
  advance(): number
  /** Sets the position, without catching up on the time before it. */
  set(positionNs: number): void
  pause(isPaused: boolean): void
  readonly isPaused: boolean
  /** Trace time per real time since the last call; 0 at once */
  measure(): number
}

/** A process that was stopped, or busy, for longer moves on by this only. */
const MAX_STEP_MS = 1000

/** @param speed trace time per real time @param nowMs a monotonic clock */
export function createReplayClock(speed: number, isPaused: boolean, nowMs = () => performance.now()): ReplayClock {
  let positionNs = 0
  let lastMs = nowMs()
  let isStopped = isPaused
  let measured = { ms: lastMs, ns: 0 }
  return {
    advance() {
      const now = nowMs()
      if (!isStopped) positionNs += Math.min(now - lastMs, MAX_STEP_MS) * 1e6 * speed
      lastMs = now
      return positionNs
    },
    set(toNs) {
      positionNs = toNs
    },
    pause(isNowPaused) {
      isStopped = isNowPaused
      lastMs = nowMs()
      measured = { ms: lastMs, ns: positionNs }
    },
    get isPaused() {
      return isStopped
    },
    measure() {
      const before = measured
      measured = { ms: nowMs(), ns: positionNs }
      const elapsedMs = measured.ms - before.ms
      return elapsedMs > 0 ? (measured.ns - before.ns) / (elapsedMs * 1e6) : 0
    },
  }
}
