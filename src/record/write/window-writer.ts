import type { Database } from 'better-sqlite3'
import type { LatencyWindow } from './latency-window.js'
import { addToTotals, type SessionTotals } from './session-totals.js'

/** Writes windows of pre-aggregated latencies. To be called inside a transaction. */
export interface WindowWriter {
  /** Takes what `window` holds, and adds it to the totals. `firstId` and `lastId` are the attempts that it sums up. */
  write(window: LatencyWindow, endpointIds: readonly number[], firstId: number, lastId: number): void
}

export function createWindowWriter(db: Database, sessionId: number, totals: SessionTotals): WindowWriter {
  const insertWindow = db.prepare('INSERT INTO latency_window VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertRow = db.prepare(`INSERT INTO endpoint_latency VALUES (${Array(13).fill('?').join(', ')})`)
  return {
    write(window, endpointIds, firstId, lastId) {
      const range = [firstId, lastId, window.minStartedNs, window.maxStartedNs]
      const { lastInsertRowid } = insertWindow.run(sessionId, ...range, ...window.flagCounts)
      for (const row of window.take()) {
        addToTotals(totals, row)
        insertRow.run(lastInsertRowid, endpointIds[row.entry], ...row.counts, row.maxLatencyNs, row.buckets)
      }
    },
  }
}
