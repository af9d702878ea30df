import type { Database } from 'better-sqlite3'
import type { Dictionaries } from './dictionaries.js'
import { createLatencyWindow, type LatencyWindow } from './latency-window.js'
import type { SessionOfWriter } from './attempt-writer.js'
import { addToTotals, createTotals, type SessionTotals } from './session-totals.js'
import { createRollups } from './rollups.js'
import type { Transaction } from './transaction.js'
import { closeWindow, createWindowWriter, type ClosedWindow } from './window-writer.js'

const WINDOW_NS = 60e9

/** The consecutive windows of a session, without gaps between their ids. */
export interface Windows {
  /** The window for committed attempts. */
  readonly current: LatencyWindow
  /** Sums of the written windows. */
  readonly totals: SessionTotals
  /** Whether the current window is old enough, or it or a dictionary is full. */
  isDue(nowNs: number): boolean
  /**
   * Writes the current window unless it is empty, and starts the next one. After an error it can be called again.
   * @param endId id after the last committed attempt
   */
  flush(inTransaction: Transaction, endId: number, nowNs?: number): void
  /** Does one step of rolling up written windows, if there is any. */
  rollUp(inTransaction: Transaction): void
}

export function createWindows(
  db: Database,
  { sessionId, sinceNs }: SessionOfWriter,
  dictionaries: Dictionaries,
): Windows {
  const current = createLatencyWindow(readSessionStart(db, sessionId) - BigInt(sinceNs))
  const totals = createTotals()
  const write = createWindowWriter(db, { sessionId, sinceNs })
  const rollups = createRollups(db)
  let begunNs = sinceNs
  /** Taken from `current`, but not yet written. */
  let closed: ClosedWindow | null = null

  return {
    current,
    totals,
    isDue: (nowNs) => closed !== null || nowNs - begunNs >= WINDOW_NS || current.isFull() || dictionaries.isFull(),
    flush(inTransaction, endId, nowNs = begunNs) {
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
      begunNs = nowNs
      if (dictionaries.isFull()) dictionaries.reset()
    },
    rollUp: rollups.step,
  }
}

function readSessionStart(db: Database, sessionId: number): bigint {
  const select = db.prepare('SELECT started_unix_ns FROM session WHERE session_id = ?')
  return select.pluck().safeIntegers().get(sessionId) as bigint
}
