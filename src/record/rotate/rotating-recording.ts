import { TcpconnError } from '../../errors.js'
import { safeLine } from '../../show/safe-text.js'
import { startClock } from '../host/clock.js'
import type { UserNames } from '../host/user-names.js'
import type { Rotation } from '../options/parse-rotation.js'
import { continueSession, type Session } from '../session/begin-session.js'
import type { SessionResult } from '../session/end-session.js'
import { LAST_CLOSE_WAIT_MS, type Output } from '../session/open-output.js'
import { createPump } from '../session/pump.js'
import type { Part, Recording } from '../session/recording.js'
import { createTally } from '../session/tally.js'
import type { TraceWriter } from '../write/trace-writer.js'
import type { FileNames } from './file-names.js'
import { leaveFile } from './leave-file.js'
import { openNextFile } from './open-next-file.js'
import { createSchedule } from './schedule.js'
import type { RingTap } from './tap-ring.js'
import { createTidyFiles } from './tidy-files.js'

export interface RotatingOptions {
  readonly rotation: Rotation
  readonly names: FileNames
  readonly users: UserNames
  /** What attempts are read from, whatever file they go into */
  readonly tap: RingTap
  readonly onBatch: (writer: TraceWriter) => void
  /** Told when a file is left and closed. */
  readonly onClosed: (path: string, result: SessionResult) => void
  /** Says what could not be done, while recording goes on. */
  readonly tell: (text: string) => void
}

/**
 * A recording that goes on in another file from time to time. Attempts are in the file that is recorded into when they end:
 * nothing is read from the ring between the last write into one file and the first into the next.
 */
export function createRotatingRecording(first: Part, options: RotatingOptions): Recording {
  const { rotation, names, tell, tap } = options
  const schedule = createSchedule(rotation.every)
  const tidy = createTidyFiles({ names, keep: rotation.keep, tell })
  const tally = createTally()
  let part = first
  /** Its last word is said, but closing it takes time, and the ring is read first. */
  let left: { readonly output: Output; readonly result: SessionResult } | null = null
  let failure = ''

  const closeLeft = () => {
    if (left === null) return
    const { output, result } = left
    left = null
    part.pump.hold(part.session.clock.nowNs, () => output.close())
    tally.add(output.path, result)
    options.onClosed(output.path, result)
    tidy.lookAgain()
  }
  const goOn = (nowNs: number) => {
    const next = openNext(first.session, options)
    if (next instanceof TcpconnError) {
      const reason = next.code === 'E_DISK_FULL' ? 'the disk is full' : next.reason
      if (reason !== failure) tell(safeLine(`cannot begin the next file: ${reason}; recording goes on in this one`))
      failure = reason
      return schedule.putOff(nowNs)
    }
    failure = ''
    const leaving = leaveFile(part, next, tap)
    if (leaving === null) return schedule.putOff(nowNs)
    left = { output: part.session.output, result: leaving.result }
    const { kernelCount, result } = leaving
    part = startPart({ ...next, kernelCount, countedBefore: result.counted }, part, options)
    schedule.begin(nowNs)
  }
  return {
    get part() {
      return part
    },
    tally,
    tend(nowNs) {
      // One of these at a time: each keeps the ring waiting.
      if (left !== null) closeLeft()
      else if (schedule.isDue(nowNs, () => closedBytes(part.session.output))) goOn(nowNs)
      else tidy.step(part.session.output)
    },
    close() {
      try {
        closeLeft()
      } finally {
        part.session.output.close(LAST_CLOSE_WAIT_MS)
      }
    },
  }
}

/** A file of its own, with a session that goes on with `first`; or why there is none. */
function openNext(first: Session, { names, users }: RotatingOptions): Session | TcpconnError {
  const clock = startClock()
  try {
    return continueSession(first, { output: openNextFile(names, clock), clock }, users)
  } catch (error) {
    if (error instanceof TcpconnError) return error
    throw error
  }
}

function startPart(session: Session, before: Part, { tap, onBatch }: RotatingOptions): Part {
  const source = {
    ring: tap.ring,
    lost: session.probe.lost,
    lostBefore: before.pump.loss.seen,
    // Since the session's beginning the ring has been waiting.
    heldNs: session.clock.nowNs(),
  }
  return { session, pump: createPump(source, session.writer, () => onBatch(session.writer)) }
}

/** As large as the file is once its log is in it. */
function closedBytes({ db }: Output): number {
  const [pages, pageBytes] = ['page_count', 'page_size'].map((name) => db.pragma(name, { simple: true }) as number)
  return (pages as number) * (pageBytes as number)
}
