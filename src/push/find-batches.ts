import type { Database } from 'better-sqlite3'
import type { IdRange } from '../analyze/scan/plan-scan.js'
import { damagedTrace } from '../store/check-trace.js'
import type { SessionProgress } from './session-progress.js'

/** Attempts of one insert. */
export const MAX_ATTEMPTS = 250_000
/** The age of a commit: names are added to its rows until then. */
export const SETTLED_NS = 5e9

/** The next commits of a session that can be pushed. */
export interface NextBatches {
  readonly lastBatchId: number
  /** Attempts that were not pushed; `null`: none */
  readonly attempts: IdRange | null
  /** Whether they are all that can be pushed now */
  readonly isAll: boolean
}

/**
 * Finds the next commits, with at most `MAX_ATTEMPTS` attempts.
 * @param untilNs of the session: commits after it are left for later; `Infinity`: the session is over
 * @throws E_DAMAGED_TRACE
 */
export function findBatches(
  db: Database,
  sessionId: number,
  { batchId, attemptId }: Pick<SessionProgress, 'batchId' | 'attemptId'>,
  untilNs: number,
): NextBatches {
  const rows = db
    .prepare(
      `SELECT batch_id, first_attempt_id, attempt_count, written_ns FROM batch WHERE session_id = ? AND batch_id > ? ORDER BY batch_id`,
    )
    .raw()
    .iterate(sessionId, batchId) as IterableIterator<[number, number, number, number]>
  let lastBatchId = batchId
  let first: number | null = null
  let last = attemptId
  for (const [id, firstId, count, writtenNs] of rows) {
    if (writtenNs > untilNs) return { lastBatchId, attempts: rangeOf(first, last), isAll: true }
    const end = firstId + count - 1
    if (count > MAX_ATTEMPTS) throw damagedTrace(db.name, new Error(`a batch has ${count} attempts`))
    const from: number = first ?? Math.max(firstId, attemptId + 1)
    if (end - from + 1 > MAX_ATTEMPTS) return { lastBatchId, attempts: rangeOf(first, last), isAll: false }
    if (end >= from) {
      first = from
      last = end
    }
    lastBatchId = id
  }
  return { lastBatchId, attempts: rangeOf(first, last), isAll: true }
}

function rangeOf(first: number | null, last: number): IdRange | null {
  return first === null ? null : { first, last }
}
