import { queries, selectAll } from '../trace/query-builder.js'
import type { SessionPart } from '../trace/scope.js'
import { readBatchFacts } from '../trace/session-facts.js'

/** Where the time that a part covers begins, in ns since its session began, and how much of it there is. */
export interface CoveredTime {
  readonly firstNs: number
  readonly lengthNs: number
}

/** The time of a part during which its session recorded; of a session without an end, up to its last write. */
export function coveredNs({ trace, sessionId, segments }: SessionPart): CoveredTime {
  const query = queries.selectFrom('session').select('duration_ns').where('session_id', '=', sessionId)
  const [session] = selectAll(trace.db, query)
  const endNs = session?.duration_ns ?? readBatchFacts(trace.db, [sessionId]).lastWrittenNs
  const clipped = segments.map(({ fromNs, toNs }) => ({ from: Math.max(0, fromNs), to: Math.min(toNs, endNs) }))
  const lengthNs = clipped.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
  return { firstNs: clipped[0]?.from ?? 0, lengthNs: Math.max(1, lengthNs) }
}
