import { selectSessions } from '../analyze/scan/select-sessions.js'
import { readClockSegments } from '../analyze/scan/clock-segments.js'
import { findRecorder } from '../analyze/scan/find-recorder.js'
import { queries, selectAll } from '../analyze/scan/query-builder.js'
import type { SessionPart } from '../analyze/scan/scope.js'
import type { Trace } from '../analyze/scan/trace.js'
import { readSessionKey } from '../analyze/export/rows/session-key.js'
import { SETTLED_NS } from './find-batches.js'
import type { SessionName } from './copied-rows.js'
import type { SessionContents } from './session-progress.js'

/** A session in one state of its trace. */
export interface SessionSource {
  readonly part: SessionPart
  readonly name: SessionName
  readonly contents: SessionContents
  /** Commits after this are left for later, ns since the session began. `Infinity`: no recorder writes the session. */
  readonly untilNs: number
  /** The recorder ended it: nothing will change any more. */
  readonly isOver: boolean
}

/** The sessions of a trace, oldest first. @throws E_NO_SESSION */
export function readSources(trace: Trace, nowUnixMs: number): SessionSource[] {
  const ids = selectSessions(trace.db, 'all')
  return ids.map((sessionId) => readSource(trace, sessionId, sessionId === ids.at(-1), nowUnixMs))
}

function readSource(trace: Trace, sessionId: number, isNewest: boolean, nowUnixMs: number): SessionSource {
  const [session] = selectAll(
    trace.db,
    queries
      .selectFrom('session')
      .select(['host', 'sharing', 'duration_ns', 'boot_id', 'recorder_pid', 'recorder_start_ticks'])
      .where('session_id', '=', sessionId),
  )
  if (session === undefined) throw new Error(`${trace.path} has no session ${sessionId}`)
  const segments = readClockSegments(trace.db, sessionId)
  const part: SessionPart = { trace, sessionId, host: session.host, segments }
  const isRunning = findRecorder(session, trace.path, isNewest) !== null
  const nowNs = nowUnixMs * 1e6 - Number(segments.at(-1)?.unixOffsetNs ?? 0n)
  const [first] = selectAll(
    trace.db,
    queries
      .selectFrom('batch')
      .select(({ fn }) => fn.min('first_attempt_id').as('id'))
      .where('session_id', '=', sessionId),
  )
  return {
    part,
    name: { host: session.host, uuid: readSessionKey(part).uuid },
    contents: { firstId: Number(first?.id ?? 1), sharing: session.sharing },
    untilNs: isRunning ? nowNs - SETTLED_NS : Infinity,
    isOver: session.duration_ns !== null,
  }
}
