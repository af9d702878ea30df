import type { Database } from 'better-sqlite3'
import { encodeSums } from '../../sums/sums-blob.js'
import type { Dictionaries } from './dictionaries.js'
import type { SessionOfWriter } from './attempt-writer.js'
import type { LatencyRow } from '../../sums/latency-sums.js'
import type { LatencyWindow } from './latency-window.js'

/** A finished window, ready to be written. */
export interface ClosedWindow {
  readonly firstId: number
  readonly lastId: number
  /** Recording time */
  readonly minStartedNs: number
  readonly maxStartedNs: number
  /** Attempts with each flag, in the order of the columns */
  readonly flagCounts: readonly number[]
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
  const { minStartedNs, maxStartedNs } = window
  const flagCounts = [...window.flagCounts]
  const { endpoints, processes, seconds, unixSeconds, endpointsOfProcess } = window.take()
  const membersOf = (process: number) =>
    (endpointsOfProcess.get(process) ?? []).map((entry) => endpointIds[entry] as number)
  return {
    firstId,
    lastId,
    minStartedNs,
    maxStartedNs,
    flagCounts,
    endpoints,
    sums: [
      ['endpoint', encodeSums(endpoints, endpointIds)],
      ['process', encodeSums(processes, processIds, membersOf)],
      ['second', encodeSums(seconds, unixSeconds)],
    ],
  }
}

/** @returns a function that inserts a window and returns its id; call it inside a transaction */
export function createWindowWriter(
  db: Database,
  { sessionId, sinceNs }: SessionOfWriter,
): (window: ClosedWindow) => number {
  const insertWindow = db.prepare('INSERT INTO latency_window VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertSums = db.prepare('INSERT INTO window_sums VALUES (?, ?, ?)')
  return ({ firstId, lastId, minStartedNs, maxStartedNs, flagCounts, sums }) => {
    const times = [minStartedNs - sinceNs, maxStartedNs - sinceNs]
    const { lastInsertRowid } = insertWindow.run(sessionId, firstId, lastId, ...times, ...flagCounts)
    for (const [dimension, blob] of sums) insertSums.run(lastInsertRowid, dimension, blob)
    return Number(lastInsertRowid)
  }
}
