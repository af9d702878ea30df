import type { Database } from 'better-sqlite3'
import { encodeSums } from '../../sums/sums-blob.js'
import type { Dictionaries } from './dictionaries.js'
import type { LatencyRow } from '../../sums/latency-sums.js'
import type { LatencyWindow } from './latency-window.js'

/** A finished window, ready to be written. */
export interface ClosedWindow {
  /** first_attempt_id, last_attempt_id, min_started_ns, max_started_ns, then attempts per flag */
  readonly values: readonly number[]
  /** Dimension and blob of each row of window_sums. */
  readonly sums: readonly (readonly [string, Uint8Array])[]
  readonly endpoints: readonly LatencyRow[]
}

/** Takes the contents of `window`, which covers the attempts `firstId` to `lastId`. */
export function closeWindow(
  window: LatencyWindow,
  { endpointIds, processIds }: Pick<Dictionaries, 'endpointIds' | 'processIds'>,
  firstId: number,
  lastId: number,
): ClosedWindow {
  const values = [firstId, lastId, window.minStartedNs, window.maxStartedNs, ...window.flagCounts]
  const { endpoints, processes, seconds, unixSeconds, endpointsOfProcess } = window.take()
  const membersOf = (process: number) =>
    (endpointsOfProcess.get(process) ?? []).map((entry) => endpointIds[entry] as number)
  return {
    values,
    endpoints,
    sums: [
      ['endpoint', encodeSums(endpoints, endpointIds)],
      ['process', encodeSums(processes, processIds, membersOf)],
      ['second', encodeSums(seconds, unixSeconds)],
    ],
  }
}

/** @returns a function that inserts a window and returns its id; call it inside a transaction */
export function createWindowWriter(db: Database, sessionId: number): (window: ClosedWindow) => number {
  const insertWindow = db.prepare('INSERT INTO latency_window VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertSums = db.prepare('INSERT INTO window_sums VALUES (?, ?, ?)')
  return ({ values, sums }) => {
    const { lastInsertRowid } = insertWindow.run(sessionId, ...values)
    for (const [dimension, blob] of sums) insertSums.run(lastInsertRowid, dimension, blob)
    return Number(lastInsertRowid)
  }
}
