import type { Database } from 'better-sqlite3'
import { closeSession } from '../../src/record/session/session-row.js'
import type { SkippedRuns } from '../../src/record/probe/skipped-runs.js'
import { NO_LOSS, sumLoss, type LossCounts } from '../../src/attempt/loss-causes.js'
import { packEvents, type EventFields } from '../record/make-events.js'
import { addSession, createWriter, openNewTrace, type NewTrace } from '../record/new-trace.js'

export interface SessionParts {
  /** Each element is a batch; `null` closes a window. */
  readonly batches: readonly (readonly Partial<EventFields>[] | null)[]
  readonly loss?: LossCounts
  /** Without it the session ends as after kill -9. */
  readonly goodbye?: boolean
  readonly filters?: string
  readonly skipped?: SkippedRuns | null
}

/** An open trace, written by the real writer. */
export interface SampleTrace extends NewTrace {
  add(parts: SessionParts): number
}

/** Creates a trace with these sessions. */
export function makeSampleTrace(...sessions: readonly SessionParts[]): SampleTrace {
  const trace = openNewTrace()
  trace.db.exec('DELETE FROM clock_offset; DELETE FROM session')
  const add = (parts: SessionParts) => addTo(trace.db, parts)
  for (const parts of sessions) add(parts)
  return { ...trace, add }
}

function addTo(
  db: Database,
  { batches, loss = NO_LOSS, goodbye = true, filters = '{}', skipped = null }: SessionParts,
): number {
  const sessionId = addSession(db, filters)
  const writer = createWriter({ db, sessionId })
  let unwritten = loss
  for (const events of batches) {
    const packed = packEvents(events ?? [])
    if (events === null) writer.flushWindow()
    else writer.write(packed, packed.source, unwritten, 1e9)
    if (events !== null) unwritten = NO_LOSS
  }
  if (!goodbye) return sessionId
  writer.flushWindow()
  const recorded = batches.reduce((sum, events) => sum + (events?.length ?? 0), 0)
  const lost = sumLoss(loss)
  const kernel = recorded + lost
  const completeness = { kernelMin: kernel, kernelMax: kernel, comparable: recorded, uncomparable: 0 }
  closeSession(db, sessionId, {
    durationNs: 60e9,
    reason: 'duration',
    loss,
    completeness: filters === '{}' ? completeness : null,
    dns: { lost: 0, malformed: 0, evicted: 0 },
    skipped,
    lostProcesses: 0,
    lostDetails: { addresses: 0 },
  })
  return sessionId
}
