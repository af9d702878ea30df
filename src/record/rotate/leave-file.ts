import { sleep } from '../host/sleep.js'
import type { Session } from '../session/begin-session.js'
import { sayGoodbye, type SessionResult } from '../session/end-session.js'
import type { KernelCount } from '../session/kernel-count.js'
import type { Part } from '../session/recording.js'
import { isLocked } from '../session/session-row.js'
import { countCarried } from './count-carried.js'
import type { RingTap } from './tap-ring.js'

/** A program that has taken an attempt out of the map has put its event into the ring after this: it takes a microsecond. */
const IN_FLIGHT_MS = 10

/** What is known when a file is left for the next one. */
export interface Leaving {
  readonly result: SessionResult
  /** Of the next file */
  readonly kernelCount: KernelCount | null
}

/**
 * Writes what has ended by now into the file that is left, and says goodbye in it. What is left stays open. After an error
 * `next` is as if it had never been.
 * @returns `null` when somebody else holds the file locked: then it is still the one that is recorded into
 * @throws E_REMOVED, E_MOVED, and what SQLite throws
 */
export function leaveFile(part: Part, next: Session, tap: RingTap): Leaving | null {
  let leaving: Leaving | null = null
  try {
    leaving = leave(part, tap)
    return leaving
  } catch (error) {
    if (!isLocked(error)) throw error
    return null
  } finally {
    if (leaving === null) next.output.abandon()
  }
}

function leave({ session, pump }: Part, tap: RingTap): Leaving | null {
  const { clock, kernelCount } = session
  const drained = kernelCount === null ? drain({ session, pump }) : drainCounted({ session, pump }, kernelCount, tap)
  if (drained === null) return null
  const result = sayGoodbye(session, pump, { durationNs: clock.nowNs(), reason: 'rotation' })
  return { result, kernelCount: drained.kernelCount }
}

function drain({ session, pump }: Part): { kernelCount: null } | null {
  return pump.drain(session.clock.nowNs) ? { kernelCount: null } : null
}

/**
 * The kernel counts attempts when they begin, and they are recorded when they end: those that are under way at a moment are
 * looked for in the map, and then among what had ended in the meantime.
 */
function drainCounted({ session, pump }: Part, count: KernelCount, tap: RingTap): { kernelCount: KernelCount } | null {
  const noted = tap.note()
  try {
    const moment = count.readNow()
    const pending = session.probe.pending()
    sleep(IN_FLIGHT_MS)
    if (!pump.drain(session.clock.nowNs)) return null
    return { kernelCount: count.split(moment, countCarried(pending, noted(), moment.atNs)) }
  } finally {
    noted()
  }
}
