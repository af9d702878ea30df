import { TcpconnError } from '../../base/errors.js'
import { safeLine } from '../../text/safe-text.js'
import { startFile } from '../host/clock.js'
import type { UserNames } from '../host/user-names.js'
import type { Rotation } from '../options/parse-rotation.js'
import { continueSession, countFromNow, type Session } from '../session/begin-session.js'
import type { SessionResult } from '../session/end-session.js'
import { LAST_CLOSE_WAIT_MS, type Output } from '../output/open-output.js'
import { createPump, type Observer } from '../session/pump.js'
import type { Part, Recording } from '../session/recording.js'
import { createRecordingTotals } from '../session/recording-totals.js'
import type { FileNames } from '../retention/file-names.js'
import { finishFile } from './finish-file.js'
import { openNextFile } from './begin-first.js'
import { createSchedule } from './schedule.js'
import type { RecordedStarts } from './recorded-starts.js'
import { createRetention } from '../retention/retention.js'

export interface RotatingOptions {
  readonly rotation: Rotation
  readonly names: FileNames
  readonly users: UserNames
  /** See every batch of every file; includes `starts` */
  readonly observers: readonly Observer[]
  readonly starts: RecordedStarts
  /** Called after a file is finished and closed. */
  readonly onClosed: (path: string, result: SessionResult) => void
  /** Reports failures that do not end the recording. */
  readonly report: (text: string) => void
}

/**
 * A recording that starts new files. An attempt is written to the file that is current when it ends: the ring is not
 * read between the last write to one file and the first write to the next.
 */
export function createRotatingRecording(first: Part, options: RotatingOptions): Recording {
  const { rotation, names, report, starts } = options
  const schedule = createSchedule(rotation.every)
  const retention = createRetention({ names, keep: rotation.keep, report })
  const totals = createRecordingTotals()
  let part = first
  /** A finished file that is not closed yet: closing takes time, and the ring is read first. */
  let finished: { readonly output: Output; readonly result: SessionResult } | null = null
  let failure = ''

  const closeFinished = () => {
    if (finished === null) return
    const { output, result } = finished
    finished = null
    output.close()
    totals.add(output.path, result)
    options.onClosed(output.path, result)
    retention.lookAgain()
  }
  const endsFile = (nowNs: number) => finished === null && schedule.isDue(nowNs, () => closedBytes(part.session.output))
  const startNextFile = (nowNs: number) => {
    const next = openNext(first.session, options)
    if (next instanceof TcpconnError) {
      const reason = next.code === 'E_DISK_FULL' ? 'the disk is full' : next.reason
      if (reason !== failure)
        report(safeLine(`cannot start the next file: ${reason}; recording continues in the current file`))
      failure = reason
      return schedule.putOff(nowNs)
    }
    failure = ''
    const ended = finishFile(part, next, starts)
    if (ended === null) return schedule.putOff(nowNs)
    finished = { output: part.session.output, result: ended.result }
    const { kernelCount, result } = ended
    // Losses up to here are in the finished file.
    const metadata = countFromNow(first.session.metadata)
    part = startPart({ ...next, metadata, kernelCount, countedBefore: result.counted }, part, options)
    schedule.begin(nowNs)
  }
  return {
    get part() {
      return part
    },
    totals,
    endsFile,
    tend(nowNs) {
      // One step per call: each step delays reading the ring.
      if (finished !== null) closeFinished()
      else if (endsFile(nowNs)) startNextFile(nowNs)
      else retention.step(part.session.output)
    },
    close() {
      try {
        closeFinished()
      } finally {
        part.session.output.close(LAST_CLOSE_WAIT_MS)
      }
    },
  }
}

/** Opens the next file with a session that continues `first`. @returns the error if that fails */
function openNext(first: Session, { names, users }: RotatingOptions): Session | TcpconnError {
  const start = startFile(first.clock)
  try {
    return continueSession(first, { output: openNextFile(names, start), start }, users)
  } catch (error) {
    if (error instanceof TcpconnError) return error
    throw error
  }
}

function startPart(session: Session, before: Part, { observers }: RotatingOptions): Part {
  // The ring has not been read since the session began.
  const { sinceNs } = session.start
  const heldNs = session.clock.nowNs() - sinceNs
  return { session, pump: createPump(session, observers, { lostBefore: before.pump.loss.seen, sinceNs, heldNs }) }
}

/** Size of the file after its log is checkpointed. */
function closedBytes({ db }: Output): number {
  const [pages, pageBytes] = ['page_count', 'page_size'].map((name) => db.pragma(name, { simple: true }) as number)
  return (pages as number) * (pageBytes as number)
}
