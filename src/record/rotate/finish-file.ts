import { sleep } from '../host/clock.js'
import type { Session } from '../session/begin-session.js'
import { writeSessionEnd, type SessionResult } from '../session/end-session.js'
import type { KernelCount } from '../count/kernel-count.js'
import type { Part } from '../session/recording.js'
import { isLocked } from '../output/write-fault.js'
import { countInFlight } from '../count/count-in-flight.js'
import type { RecordedStarts } from './recorded-starts.js'

/**
 * A program that has removed an attempt from the map has written its event to the ring after this time: it takes a
 * microsecond.
 */
const IN_FLIGHT_MS = 10

/** Result of finishing a file. */
export interface FinishedFile {
  readonly result: SessionResult
  /** Count of the next file */
  readonly kernelCount: KernelCount | null
}

/**
 * Writes all ended attempts and the end of the session into the current file. The file stays open. After an error
 * `next` is removed.
 * @returns `null` if another program keeps the file locked: it then stays the current file
 * @throws E_REMOVED, E_MOVED, and errors of SQLite
 */
export function finishFile(part: Part, next: Session, starts: RecordedStarts): FinishedFile | null {
  let finished: FinishedFile | null = null
  try {
    finished = finish(part, starts)
    return finished
  } catch (error) {
    if (!isLocked(error)) throw error
    return null
  } finally {
    if (finished === null) next.output.abandon()
  }
}

function finish({ session, pump }: Part, starts: RecordedStarts): FinishedFile | null {
  const { clock, kernelCount } = session
  const drained = kernelCount === null ? drain({ session, pump }) : drainCounted({ session, pump }, kernelCount, starts)
  if (drained === null) return null
  const result = writeSessionEnd(session, pump, { endNs: clock.nowNs(), reason: 'rotation' })
  return { result, kernelCount: drained.kernelCount }
}

function drain({ session, pump }: Part): { kernelCount: null } | null {
  return pump.drain(session.clock.nowNs) ? { kernelCount: null } : null
}

/**
 * The kernel counts an attempt at its begin, and the recorder writes it at its end. Attempts in flight at a moment are
 * found in the map, and among those that ended during the search.
 */
function drainCounted(
  { session, pump }: Part,
  count: KernelCount,
  starts: RecordedStarts,
): { kernelCount: KernelCount } | null {
  const noted = starts.note()
  try {
    const moment = count.readNow()
    const pending = session.probe.pending()
    sleep(IN_FLIGHT_MS)
    if (!pump.drain(session.clock.nowNs)) return null
    return { kernelCount: count.split(moment, countInFlight(pending, noted(), moment.atNs)) }
  } finally {
    noted()
  }
}
