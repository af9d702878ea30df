import type { Database } from 'better-sqlite3'
import { listLoss, type LossCounts } from '../../attempt/loss-causes.js'
import { clearBatch, createBatch, type AttemptBatch, type RowShape } from './attempt-batch.js'
import { decodeConnect, type DecodeTarget } from './decode-connect.js'
import type { Lookup } from '../dns/lookup.js'
import type { Metadata } from '../dns/metadata-reader.js'
import type { EventMemory } from '../event/event-memory.js'
import { createDictionaries, type Dictionaries } from './dictionaries.js'
import { createAttemptWriter } from './attempt-writer.js'
import { createDnsWriter, type DnsCounts } from './dns-writer.js'
import { createNatWriter } from './nat-writer.js'
import type { NatRecords } from '../nat/find-addresses.js'
import { createDictionaryStore } from './dictionary-store.js'
import { createLateNames, type HostNames } from './late-names.js'
import type { SessionTotals } from './session-totals.js'
import { createTransaction } from './transaction.js'
import { createWindows } from './windows.js'
import { connectFlag } from '../event/wire.gen.js'
import type { LatencyWindow } from './latency-window.js'

/** Rows per transaction: 4 MiB of the ring, which are released after the commit. */
export const BATCH_ROWS = 16384

/** Calls `take` with the byte offset of each event, up to `limit`; returns the number of events. */
export type EventSource = (take: (byteOffset: number) => void, limit: number) => number

/** The hot path: decodes events and commits them. Every call of `write` is one transaction. */
export interface TraceWriter {
  /**
   * Writes the events of `source` and the loss at `nowNs` (recording time), and returns the number of rows.
   * Throws errors of SQLite; nothing of the batch is then in the file. Only after a lock error can it be called again.
   */
  write(memory: EventMemory, source: EventSource, loss: LossCounts, nowNs: number, outcome?: number): number
  /** Writes the current window. Without it, readers compute the sums of the rows after the last window. */
  flushWindow(): void
  /** Writes finished lookups and returns them. Throws errors of SQLite, after which it can be called again. */
  writeLookups(): readonly Lookup[]
  /** Adds names that became known to their rows. Throws errors of SQLite. */
  addNames(isEnd: boolean): void
  /** Users of the host whose rows have no name so far, by uid. */
  unnamedUids(): ReadonlySet<number>
  /** Number of containers of this session without a name. */
  unnamedContainers(): number
  readonly dictionaries: Dictionaries
  /** Committed names and lookups. */
  readonly dns: Readonly<DnsCounts>
  /** Totals at the last `flushWindow`. */
  readonly totals: SessionTotals
  /** The rows of the last write, valid until the next one. */
  readonly batch: AttemptBatch
}

export interface TraceWriterOptions {
  readonly sessionId: number
  /** CLOCK_MONOTONIC ns at the start of the recording. */
  readonly epochNs: bigint
  /** Start of the file in recording time, ns; the default is the start of the recording. */
  readonly sinceNs?: number
  readonly names: HostNames
  /** `null`: lookups are not recorded */
  readonly metadata: Pick<Metadata, 'names' | 'lookups'> | null
  /** `null`: other addresses are not recorded */
  readonly nat?: NatRecords | null
}

/** @param db a trace opened for recording, with the session row */
export function createTraceWriter(db: Database, options: TraceWriterOptions): TraceWriter {
  const { sessionId, sinceNs = 0 } = options
  const batch = createBatch(BATCH_ROWS)
  const names = createLateNames(db, options, options.names)
  const store = createDictionaryStore(db, sessionId, names)
  const dictionaries = createDictionaries(store)
  const target = createTarget(batch, dictionaries, options)
  const dns = createDnsWriter(db, sessionId, { cgroupRow: store.cgroup, sinceNs })
  const attempts = createAttemptWriter(db, { sessionId, sinceNs }, dictionaries)
  const insertNat = createNatWriter(db, dictionaries)
  const insertBatch = db.prepare('INSERT INTO batch VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const inTransaction = createTransaction(db)
  const windows = createWindows(db, { sessionId, sinceNs }, dictionaries)
  let nextAttemptId = nextId(db)

  const insertAll = (loss: LossCounts, nowNs: number) => {
    const groups = attempts.insert(batch)
    if (batch.addresses.length > 0) insertNat(batch, groups, nextAttemptId)
    if (batch.names.length > 0) dns.insertNames(batch, groups, nextAttemptId)
    const [min, max] = batch.count > 0 ? [batch.minStartedNs - sinceNs, batch.maxStartedNs - sinceNs] : [null, null]
    insertBatch.run(sessionId, nextAttemptId, batch.count, nowNs - sinceNs, min, max, ...listLoss(loss))
  }
  return {
    dictionaries,
    dns: dns.counts,
    totals: windows.totals,
    batch,
    flushWindow: () => windows.flush(inTransaction, nextAttemptId),
    writeLookups: () => dns.writeLookups(options.metadata?.lookups ?? [], inTransaction),
    addNames: (isEnd) => names.add(inTransaction, isEnd),
    unnamedUids: names.unnamedUids,
    unnamedContainers: names.unnamedCount,
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
      // Updated after the commit: an error leaves the counters unchanged.
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
  { epochNs, metadata, nat = null }: TraceWriterOptions,
): DecodeTarget {
  return {
    batch,
    dictionaries,
    names: metadata && metadata.names,
    nat,
    epochHigh: Number(epochNs >> 32n),
    epochLow: Number(epochNs & 0xffffffffn),
  }
}

/** Adds a committed batch to the current window and to the counts per network namespace. */
export function sumUpBatch(batch: AttemptBatch, window: LatencyWindow, dictionaries: Dictionaries): void {
  for (let row = 0; row < batch.count; row++) {
    window.add(batch, row)
    const { flags } = batch.shapes[batch.shape[row] as number] as RowShape
    // An attempt without a SYN is not in TcpActiveOpens.
    if ((flags & connectFlag.no_syn) === 0) dictionaries.countInNetns(batch.processEntry[row] as number)
  }
}
