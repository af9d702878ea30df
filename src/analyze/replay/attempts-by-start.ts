import type { Database } from 'better-sqlite3'
import { AT } from '../scan/attempt-columns.js'
import { createPartTime } from '../scan/plan-scan.js'
import { prepareScan } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createStartHeap } from './start-heap.js'

/**
 * Ids of the attempts of a part, ordered by start. Rows are in the order of their ends: an attempt is passed on when no later batch
 * contains an earlier start, so the memory holds simultaneous attempts, not the trace.
 */
export function* attemptsByStart(scope: Scope, part: SessionPart): Generator<number> {
  const batches = readBatches(part.trace.db, part.sessionId)
  const time = createPartTime(part)
  const heap = createStartHeap()
  const scan = prepareScan(scope, part, ['attempt_id', 'started_ns'], (row) => {
    heap.push(row[AT.started_ns] as number, row[AT.attempt_id] as number)
  })
  for (let i = 0; i < batches.count; i++) {
    const first = batches.firstIds[i] as number
    const isTouched = time.touches(batches.minStartedNs[i] as number, batches.maxStartedNs[i] as number)
    if (isTouched) scan({ first, last: first + (batches.rowCounts[i] as number) - 1 })
    const limitNs = batches.earliestAfter[i] as number
    while (heap.earliestNs() < limitNs) yield heap.pop()
  }
  while (heap.size > 0) yield heap.pop()
}

function readBatches(db: Database, sessionId: number) {
  const rows = db
    .prepare(
      `SELECT first_attempt_id, attempt_count, ifnull(min_started_ns, 0), ifnull(max_started_ns, 0) FROM batch
       WHERE session_id = ? AND attempt_count > 0 ORDER BY first_attempt_id`,
    )
    .raw()
    .all(sessionId) as [number, number, number, number][]
  const column = (at: number) => Float64Array.from(rows, (row) => row[at] as number)
  const minStartedNs = column(2)
  // The earliest start in any later batch.
  const earliestAfter = new Float64Array(rows.length).fill(Infinity)
  for (let i = rows.length - 2; i >= 0; i--) {
    earliestAfter[i] = Math.min(earliestAfter[i + 1] as number, minStartedNs[i + 1] as number)
  }
  return {
    count: rows.length,
    firstIds: column(0),
    rowCounts: column(1),
    minStartedNs,
    maxStartedNs: column(3),
    earliestAfter,
  }
}
