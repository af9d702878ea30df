import type { Database } from 'better-sqlite3'
import type { RowCollector } from './collect-rows.js'
import { rollupKey, type SessionProgress } from './session-progress.js'

/** Sums of one parcel, unless one alone is larger */
const MAX_SUMS_BYTES = 8 << 20

/** How far windows were added. */
export interface AddedWindows {
  readonly lastId: number
  /** Whether they are all that can be pushed now, with their roll-ups */
  readonly isAll: boolean
}

/**
 * Adds the next windows whose attempts the server has then, with their sums and roll-ups.
 * @param attemptId the last attempt that the server has
 */
export function addWindows(
  db: Database,
  collector: RowCollector,
  sessionId: number,
  { progress, attemptId }: { readonly progress: SessionProgress; readonly attemptId: number },
): AddedWindows {
  const hasSums = hasTable(db, 'window_sums')
  const { lastId, isAll } = findWindows(db, sessionId, progress.windowId, attemptId, hasSums)
  const range = [progress.windowId, lastId] as const
  collector.addWhere('latency_window', 'WHERE session_id = ? AND window_id > ? AND window_id <= ?', sessionId, ...range)
  // Traces of format version 1 have windows without sums.
  if (!hasSums) return { lastId, isAll }
  collector.addWhere(
    'window_sums',
    `WHERE window_id > ? AND window_id <= ? AND window_id IN (SELECT window_id FROM latency_window WHERE session_id = ?)`,
    ...range,
    sessionId,
  )
  const hasAllRollups = addRollups(db, collector, sessionId, lastId, progress.rollups)
  return { lastId, isAll: isAll && hasAllRollups }
}

function findWindows(
  db: Database,
  sessionId: number,
  windowId: number,
  attemptId: number,
  hasSums: boolean,
): AddedWindows {
  const size = hasSums
    ? '(SELECT ifnull(sum(length(sums)), 0) FROM window_sums WHERE window_sums.window_id = latency_window.window_id)'
    : '0'
  const rows = db
    .prepare(
      `SELECT window_id, last_attempt_id, ${size} FROM latency_window WHERE session_id = ? AND window_id > ? ORDER BY window_id`,
    )
    .raw()
    .iterate(sessionId, windowId) as IterableIterator<[number, number, number]>
  let lastId = windowId
  let total = 0
  for (const [id, lastAttemptId, bytes] of rows) {
    if (lastAttemptId > attemptId) return { lastId, isAll: true }
    if (total > 0 && total + bytes > MAX_SUMS_BYTES) return { lastId, isAll: false }
    total += bytes
    lastId = id
  }
  return { lastId, isAll: true }
}

/**
 * Adds roll-ups of pushed windows that the server does not have. A recorder writes them later than their windows.
 * @param known gets the keys of the added ones
 * @returns whether the server has all of them then
 */
function addRollups(
  db: Database,
  collector: RowCollector,
  sessionId: number,
  windowId: number,
  known: Set<string>,
): boolean {
  const rows = db
    .prepare(
      `SELECT first_window_id, last_window_id, dimension, length(sums) FROM window_rollup
       WHERE first_window_id IN (SELECT window_id FROM latency_window WHERE session_id = ?) AND last_window_id <= ?`,
    )
    .raw()
    .all(sessionId, windowId) as [number, number, string, number][]
  let total = 0
  for (const [first, last, dimension, bytes] of rows) {
    const key = rollupKey(first, last, dimension)
    if (known.has(key)) continue
    if (total > 0 && total + bytes > MAX_SUMS_BYTES) return false
    total += bytes
    known.add(key)
    const condition = 'WHERE first_window_id = ? AND last_window_id = ? AND dimension = ?'
    collector.addWhere('window_rollup', condition, first, last, dimension)
  }
  return true
}

function hasTable(db: Database, name: string): boolean {
  return db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(name) !== undefined
}
