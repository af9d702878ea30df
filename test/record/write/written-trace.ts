import { expect } from 'vitest'
import { NO_LOSS, type LossCounts } from '../../../src/attempt/loss-causes.js'
import type { TraceWriter } from '../../../src/record/write/trace-writer.js'
import { packEvents, type EventFields } from '../make-events.js'
import { type NewTrace } from '../new-trace.js'

/** Writes events as one batch. */
export function write(
  writer: TraceWriter,
  events: readonly Partial<EventFields>[],
  nowNs = 0,
  loss: LossCounts = NO_LOSS,
): number {
  const packed = packEvents(events)
  return writer.write(packed, packed.source, loss, nowNs)
}

export function countRows({ db }: NewTrace, table: string): unknown {
  return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
}

/** Compares every batch row with the attempts of the batch. */
export function expectZoneMaps({ db }: NewTrace, sessionId: number): void {
  const batches = db.prepare('SELECT * FROM batch WHERE session_id = ? ORDER BY batch_id').all(sessionId) as {
    first_attempt_id: number
    attempt_count: number
    min_started_ns: number | null
    max_started_ns: number | null
  }[]
  const zone = db.prepare(`SELECT count(*), min(started_ns), max(started_ns) FROM connect_attempt
    WHERE session_id = ? AND attempt_id >= ? AND attempt_id < ?`)
  let next = batches[0]?.first_attempt_id
  for (const { first_attempt_id: first, attempt_count: count, min_started_ns: min, max_started_ns: max } of batches) {
    expect(first).toBe(next)
    expect(zone.raw().get(sessionId, first, first + count)).toEqual([count, min, max])
    next = first + count
  }
}
