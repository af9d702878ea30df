import type { Database } from 'better-sqlite3'
import type { EndpointLatency, LatencyWindow } from './latency-window.js'

/** A window that takes up no more attempts: rows of latency_window and endpoint_latency. */
export interface ClosedWindow {
  /** first_attempt_id, last_attempt_id, min_started_ns, max_started_ns, then attempts per flag */
  readonly values: readonly number[]
  readonly rows: readonly EndpointLatency[]
  readonly endpointIds: readonly number[]
}

/** Takes all that `window` holds. `firstId` and `lastId` are the attempts that it sums up. */
export function closeWindow(
  window: LatencyWindow,
  endpointIds: readonly number[],
  firstId: number,
  lastId: number,
): ClosedWindow {
  const values = [firstId, lastId, window.minStartedNs, window.maxStartedNs, ...window.flagCounts]
  const rows = window.take()
  return { values, rows, endpointIds: rows.map((row) => endpointIds[row.entry] as number) }
}

/** @returns a function that inserts a window, to be called inside a transaction */
export function createWindowWriter(db: Database, sessionId: number): (window: ClosedWindow) => void {
  const insertWindow = db.prepare('INSERT INTO latency_window VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertRow = db.prepare(`INSERT INTO endpoint_latency VALUES (${Array(13).fill('?').join(', ')})`)
  return ({ values, rows, endpointIds }) => {
    const { lastInsertRowid } = insertWindow.run(sessionId, ...values)
    rows.forEach((row, i) =>
      insertRow.run(lastInsertRowid, endpointIds[i], ...row.counts, row.maxLatencyNs, row.buckets),
    )
  }
}
