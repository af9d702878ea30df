import type { Database } from 'better-sqlite3'
import type { LossCounts } from '../../store/loss-text.js'
import { clearBatch, createBatch, type AttemptBatch } from '../decode/attempt-batch.js'
import { decodeConnect, type DecodeTarget } from '../decode/decode-connect.js'
import type { Context } from '../dns/context-reader.js'
import { shiftNames } from '../dns/shift-names.js'
import type { EventMemory } from '../decode/event-memory.js'
import { createDictionaries, type Dictionaries } from '../intern/dictionaries.js'
import { createAttemptWriter } from './attempt-writer.js'
import { createDnsWriter, type DnsCounts } from './dns-writer.js'
import { createDictionaryStore } from './dictionary-store.js'
import { createLateNames, type HostNames } from './late-names.js'
import type { SessionTotals } from './session-totals.js'
import { sumUpBatch } from './sum-up-batch.js'
import { createTransaction } from './transaction.js'
import { createWindows } from './windows.js'

/** Rows of one transaction: 4 MiB of ring, which stay in the ring until they are committed. */
export const BATCH_ROWS = 16384

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
  /** Writes the lookups that are over. Throws what SQLite throws; it may be called again then. */
  writeLookups(): void
  /** Adds names to rows that were written without, as far as they are known by now. Throws what SQLite throws. */
  addNames(isEnd: boolean): void
  readonly dictionaries: Dictionaries
  /** What is in the file of names. */
  readonly dns: Readonly<DnsCounts>
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
  /** `null`: lookups are not recorded */
  readonly context: Pick<Context, 'names' | 'lookups'> | null
  /** The session's beginning in the times of `context`, ns; 0 when it began with it. */
  readonly contextNs?: number
}

/** @param db a trace opened for recording, with the session's row in it */
export function createTraceWriter(db: Database, options: TraceWriterOptions): TraceWriter {
  const { sessionId } = options
  const batch = createBatch(BATCH_ROWS)
  const names = createLateNames(db, sessionId, options.names)
  const store = createDictionaryStore(db, sessionId, names)
  const dictionaries = createDictionaries(store)
  const target = createTarget(batch, dictionaries, options)
  const dns = createDnsWriter(db, sessionId, { cgroupRow: store.cgroup, sinceNs: options.contextNs ?? 0 })
  const attempts = createAttemptWriter(db, sessionId, dictionaries)
  const insertBatch = db.prepare('INSERT INTO batch VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const inTransaction = createTransaction(db)
  const windows = createWindows(db, sessionId, dictionaries)
  let nextAttemptId = nextId(db)

  const insertAll = (loss: LossCounts, nowNs: number) => {
    const groups = attempts.insert(batch)
    if (batch.names.length > 0) dns.insertNames(batch, groups, nextAttemptId)
    const [min, max] = batch.count > 0 ? [batch.minStartedNs, batch.maxStartedNs] : [null, null]
    const causes = [loss.ringFull, loss.mapFull, loss.writerBehind, loss.missed, loss.skipped]
    insertBatch.run(sessionId, nextAttemptId, batch.count, nowNs, min, max, ...causes)
  }
  return {
    dictionaries,
    dns: dns.counts,
    totals: windows.totals,
    batch,
    flushWindow: () => windows.flush(inTransaction, nextAttemptId),
    writeLookups: () => dns.writeLookups(options.context?.lookups ?? [], inTransaction),
    addNames: (isEnd) => names.add(inTransaction, isEnd),
    write(memory, source, loss, nowNs, outcome) {
      if (windows.isDue(nowNs)) windows.flush(inTransaction, nextAttemptId, nowNs)
      else windows.rollUp(inTransaction)
      dictionaries.mark()
      try {
        inTransaction(() => {
          clearBatch(batch)
          source((byteOffset) => decodeConnect(memory, byteOffset, target, outcome), BATCH_ROWS)
          insertAll(loss, nowNs)
        })
      } catch (error) {
        dictionaries.rollback()
        dns.forget()
        throw error
      }
      // Only what is committed is counted on: after an error all is as it was before.
      nextAttemptId += batch.count
      dns.counts.named += batch.names.length
      sumUpBatch(batch, windows.current, dictionaries)
      return batch.count
    },
  }
}

function nextId(db: Database): number {
  return Number(db.prepare('SELECT ifnull(max(attempt_id), 0) + 1 FROM connect_attempt').pluck().get())
}

function createTarget(
  batch: AttemptBatch,
  dictionaries: Dictionaries,
  { epochNs, context, contextNs = 0 }: TraceWriterOptions,
): DecodeTarget {
  return {
    batch,
    dictionaries,
    names: context && (contextNs === 0 ? context.names : shiftNames(context.names, contextNs)),
    epochHigh: Number(epochNs >> 32n),
    epochLow: Number(epochNs & 0xffffffffn),
  }
}
