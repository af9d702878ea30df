import type { Database } from 'better-sqlite3'
import type { LossCounts } from '../../store/loss-text.js'
import { clearBatch, createBatch, type AttemptBatch } from '../decode/attempt-batch.js'
import { decodeConnect, type DecodeTarget, type EventMemory } from '../decode/decode-connect.js'
import { createDictionaries, type Dictionaries } from '../intern/dictionaries.js'
import { createAttemptWriter } from './attempt-writer.js'
import { createDictionaryStore, type HostNames } from './dictionary-store.js'
import { createLatencyWindow, type LatencyWindow } from './latency-window.js'
import { createTotals, type SessionTotals } from './session-totals.js'
import { createWindowWriter } from './window-writer.js'

/** Rows of one transaction: 4 MiB of ring, which stay in the ring until they are committed. */
export const BATCH_ROWS = 16384
const WINDOW_NS = 60e9

/** Calls `take` with the byte offset of each event, up to `limit`; returns how many there were. */
export type EventSource = (take: (byteOffset: number) => void, limit: number) => number

/** The hot path: decodes events and commits them. Every call of `write` is one transaction. */
export interface TraceWriter {
  /**
   * Writes what `source` passes, and the loss, at `nowNs` (ns since the session began), and returns the number of rows.
   * Throws what SQLite throws, and nothing of the batch is in the file then. A file that is locked is the one error after
   * which it may be called again.
   */
  write(memory: EventMemory, source: EventSource, loss: LossCounts, nowNs: number, outcome?: number): number
  /** Writes the running window of latencies. Without this the rows after the last window are summed up on reading. */
  flushWindow(): void
  readonly dictionaries: Dictionaries
  /** As of the last `flushWindow`. */
  readonly totals: SessionTotals
  /** The rows of the last write, until the next. */
  readonly batch: AttemptBatch
}

export interface TraceWriterOptions {
  readonly sessionId: number
  /** CLOCK_MONOTONIC ns at the session's beginning. */
  readonly epochNs: bigint
  readonly names: HostNames
}

/** @param db a trace opened for recording, with the session's row in it */
export function createTraceWriter(db: Database, options: TraceWriterOptions): TraceWriter {
  const { sessionId } = options
  const batch = createBatch(BATCH_ROWS)
  const totals = createTotals()
  const window = createLatencyWindow()
  const dictionaries = createDictionaries(createDictionaryStore(db, sessionId, options.names))
  const attempts = createAttemptWriter(db, sessionId)
  const windows = createWindowWriter(db, sessionId, totals)
  const [begin, commit, rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) => db.prepare(sql))
  const insertBatch = db.prepare('INSERT INTO batch VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const target = createTarget(batch, dictionaries, window, options.epochNs)
  let nextAttemptId = Number(db.prepare('SELECT ifnull(max(attempt_id), 0) + 1 FROM connect_attempt').pluck().get())
  let windowFirstId = nextAttemptId
  let windowSinceNs = 0

  const inTransaction = (body: () => void) => {
    begin!.run()
    try {
      body()
      commit!.run()
    } catch (error) {
      if (db.inTransaction) rollback!.run()
      throw error
    }
  }
  const closeWindow = (nowNs: number) => {
    windowSinceNs = nowNs
    if (window.attempts === 0) return
    windows.write(window, dictionaries.endpointIds, windowFirstId, nextAttemptId - 1)
    windowFirstId = nextAttemptId
    if (dictionaries.isFull()) dictionaries.reset()
  }
  return {
    dictionaries,
    totals,
    batch,
    flushWindow: () => inTransaction(() => closeWindow(windowSinceNs)),
    write(memory, source, loss, nowNs, outcome) {
      inTransaction(() => {
        clearBatch(batch)
        source((byteOffset) => decodeConnect(memory, byteOffset, target, outcome), BATCH_ROWS)
        attempts.insert(batch)
        const [min, max] = batch.count > 0 ? [batch.minStartedNs, batch.maxStartedNs] : [null, null]
        const { ringFull, mapFull, writerBehind } = loss
        insertBatch.run(sessionId, nextAttemptId, batch.count, nowNs, min, max, ringFull, mapFull, writerBehind)
        nextAttemptId += batch.count
        if (nowNs - windowSinceNs >= WINDOW_NS || window.isFull() || dictionaries.isFull()) closeWindow(nowNs)
      })
      return batch.count
    },
  }
}

function createTarget(
  batch: AttemptBatch,
  dictionaries: Dictionaries,
  window: LatencyWindow,
  epochNs: bigint,
): DecodeTarget {
  return {
    batch,
    dictionaries,
    window,
    epochHigh: Number(epochNs >> 32n),
    epochLow: Number(epochNs & 0xffffffffn),
  }
}
