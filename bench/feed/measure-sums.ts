import { openOutput, type Output } from '../../src/record/output/open-output.js'
import { insertSession } from '../../src/record/session/session-row.js'
import { sumUpBatch, type TraceWriter } from '../../src/record/write/trace-writer.js'
import { createTransaction } from '../../src/record/write/transaction.js'
import { createWindows } from '../../src/record/write/windows.js'

/** Sums batches up once more, into a trace of its own, to see what the sums alone take. */
export interface SumsMeter {
  /** Of all batches so far, windows and roll-ups included. */
  readonly takenMs: number
  /** Takes up the last batch of `writer`. @param nowNs session time */
  add(nowNs: number): void
  close(): void
}

export function createSumsMeter(path: string, writer: TraceWriter): SumsMeter {
  const { db, close } = openOutput(path)
  const windows = createWindows(db, { sessionId: insertBenchSession(db, 0), sinceNs: 0 }, writer.dictionaries)
  const inTransaction = createTransaction(db)
  let endId = 1
  let takenMs = 0
  return {
    get takenMs() {
      return takenMs
    },
    add(nowNs) {
      const startMs = performance.now()
      sumUpBatch(writer.batch, windows.current, writer.dictionaries)
      endId += writer.batch.count
      if (windows.isDue(nowNs)) windows.flush(inTransaction, endId, nowNs)
      else windows.rollUp(inTransaction)
      takenMs += performance.now() - startMs
    },
    close,
  }
}

export function insertBenchSession(db: Output['db'], ringBytes: number): number {
  return insertSession(db, {
    toolVersion: 'bench',
    commandLine: 'feed',
    rotationBase: null,
    filters: '{}',
    ringBytes,
    startedUnixNs: BigInt(Date.now()) * 1_000_000n,
    dnsSource: null,
    dnsPorts: [],
    localErrors: false,
    nat: false,
    host: 'web-1',
    limits: [],
  })
}
