import type { Database } from 'better-sqlite3'
import type { Dictionaries } from '../intern/dictionaries.js'
import { createLatencyWindow, type LatencyWindow } from './latency-window.js'
import { addToTotals, createTotals, type SessionTotals } from './session-totals.js'
import { createRollups } from './rollups.js'
import type { Transaction } from './transaction.js'
import { closeWindow, createWindowWriter, type ClosedWindow } from './window-writer.js'

const WINDOW_NS = 60e9

/** The windows of a session, one after the other without a gap in their ids. */
export interface Windows {
  /** Takes up what is committed. */
  readonly current: LatencyWindow
  /** Sums of the windows that are in the file. */
  readonly totals: SessionTotals
  /** Whether the current one is old enough, or has used up its memory or that of the dictionaries. */
  isDue(nowNs: number): boolean
  /**
   * Writes the current window, if it holds anything, and begins the next one. After an error it may be called again.
   * @param endId one more than the last attempt that is committed
   */
  flush(inTransaction: Transaction, endId: number, nowNs?: number): void
  /** Adds up windows that are in the file, a part of it at a time; does nothing when there is nothing to do. */
  rollUp(inTransaction: Transaction): void
}

export function createWindows(db: Database, sessionId: number, dictionaries: Dictionaries): Windows {
  const current = createLatencyWindow(readSessionStart(db, sessionId))
  const totals = createTotals()
  const write = createWindowWriter(db, sessionId)
  const rollups = createRollups(db)
  let sinceNs = 0
  /** Taken out of `current`, but not yet in the file. */
  let closed: ClosedWindow | null = null

  return {
    current,
    totals,
    isDue: (nowNs) => closed !== null || nowNs - sinceNs >= WINDOW_NS || current.isFull() || dictionaries.isFull(),
    flush(inTransaction, endId, nowNs = sinceNs) {
      const firstId = endId - current.attempts
      if (firstId < endId) closed = closeWindow(current, dictionaries, firstId, endId - 1)
      if (closed !== null) {
        const window = closed
        let windowId = 0
        inTransaction(() => (windowId = write(window)))
        rollups.add(windowId)
        for (const row of window.endpoints) addToTotals(totals, row)
      }
      closed = null
      sinceNs = nowNs
      if (dictionaries.isFull()) dictionaries.reset()
    },
    rollUp: rollups.step,
  }
}

function readSessionStart(db: Database, sessionId: number): bigint {
  const select = db.prepare('SELECT started_unix_ns FROM session WHERE session_id = ?')
  return select.pluck().safeIntegers().get(sessionId) as bigint
}
