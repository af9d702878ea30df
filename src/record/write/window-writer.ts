import type { Database } from 'better-sqlite3'
import { encodeIds } from '../../store/id-list.js'
import type { Dictionaries } from '../intern/dictionaries.js'
import type { LatencyRow } from '../../store/latency-sums.js'
import type { LatencyWindow, WindowRows } from './latency-window.js'

/** A window that takes up no more attempts: rows of latency_window and of the tables that hang on it. */
export interface ClosedWindow extends WindowRows {
  /** first_attempt_id, last_attempt_id, min_started_ns, max_started_ns, then attempts per flag */
  readonly values: readonly number[]
  readonly ids: RowIds
}

/** Ids of the rows that entry numbers stand for. */
type RowIds = Pick<Dictionaries, 'endpointIds' | 'processIds'>

/** Takes all that `window` holds. `firstId` and `lastId` are the attempts that it sums up. */
export function closeWindow(window: LatencyWindow, ids: RowIds, firstId: number, lastId: number): ClosedWindow {
  const values = [firstId, lastId, window.minStartedNs, window.maxStartedNs, ...window.flagCounts]
  // The window may be written later, when the dictionaries have begun anew.
  return {
    values,
    ...window.take(),
    ids: { endpointIds: [...ids.endpointIds], processIds: [...ids.processIds] },
  }
}

/** @returns a function that inserts a window, to be called inside a transaction */
export function createWindowWriter(db: Database, sessionId: number): (window: ClosedWindow) => void {
  const insertWindow = db.prepare(`INSERT INTO latency_window VALUES (NULL, ${holes(12)})`)
  const insertEndpoint = db.prepare(`INSERT INTO endpoint_latency VALUES (${holes(13)})`)
  const insertProcess = db.prepare(`INSERT INTO process_latency VALUES (${holes(14)})`)
  const insertSecond = db.prepare(`INSERT INTO second_latency VALUES (${holes(13)})`)
  return (window) => {
    const { endpointIds, processIds } = window.ids
    const windowId = insertWindow.run(sessionId, ...window.values, 1).lastInsertRowid
    for (const row of window.endpoints) insertEndpoint.run(windowId, endpointIds[row.entry], ...sumsOf(row))
    for (const row of window.seconds) insertSecond.run(windowId, window.unixSeconds[row.entry], ...sumsOf(row))
    for (const row of window.processes) {
      const endpoints = window.endpointsOfProcess.get(row.entry) ?? []
      const ids = encodeIds(endpoints.map((entry) => endpointIds[entry] as number))
      insertProcess.run(windowId, processIds[row.entry], ...sumsOf(row), ids)
    }
  }
}

function sumsOf(row: LatencyRow) {
  return [...row.counts, row.maxLatencyNs, row.buckets]
}

function holes(count: number): string {
  return Array(count).fill('?').join(', ')
}
