import { expect, test } from 'vitest'
import { NO_RECORD_FILTERS, type RecordFilters } from '../../../src/record/options/record-options.js'
import { writePending } from '../../../src/record/session/pending-rows.js'
import { BATCH_ROWS } from '../../../src/record/write/trace-writer.js'
import { packEvents, type EventFields } from '../make-events.js'
import { createWriter, openNewTrace } from '../new-trace.js'

const MONOTONIC_NS = 10_000_000_000n

/** Writes pending attempts at 10 s after boot, and returns their number and their rows. */
function writeAll(events: readonly Partial<EventFields>[], filters: Partial<RecordFilters> = {}) {
  const trace = openNewTrace()
  const pending = { ...packEvents(events), count: events.length }
  const times = { monotonicNs: MONOTONIC_NS, nowNs: 9e9 }
  const count = writePending(createWriter(trace), pending, { ...NO_RECORD_FILTERS, ...filters }, times)
  const columns = 'remote_port, outcome, latency_ns, local_port, local_address'
  return { count, trace, rows: trace.db.prepare(`SELECT ${columns} FROM connects ORDER BY remote_port`).raw().all() }
}

test('pending attempts become rows without a latency', () => {
  const { count, rows } = writeAll([
    { remotePort: 1, latencyNs: 0n, localPort: 0, localAddress: '00'.repeat(16) },
    { remotePort: 2, latencyNs: 5n },
  ])
  expect(count).toBe(2)
  expect(rows).toEqual([
    [1, 'pending', null, null, null],
    [2, 'pending', null, 40_000, '127.0.0.1'],
  ])
})

test('without pending attempts, nothing is written', () => {
  const { count, trace } = writeAll([])
  expect(count).toBe(0)
  expect(trace.db.prepare('SELECT count(*) FROM batch').pluck().get()).toBe(0)
})

test('a filter by latency compares the time that attempts have been pending', () => {
  const events = [9_000_000_001n, 9_000_000_000n, 1n].map((startedNs, i) => ({ startedNs, remotePort: i + 1 }))
  const { count, rows } = writeAll(events, { minLatencyNs: 1e9 })
  expect(count).toBe(2)
  expect(rows.map((row) => (row as number[])[0])).toEqual([2, 3])
})

test.each<[RecordFilters['outcomes'], number]>([
  [[], 1],
  [['pending'], 1],
  [['refused', 'pending'], 1],
  [['refused'], 0],
  [['established'], 0],
])('a filter by outcome %j accepts %i attempts', (outcomes, expected) => {
  expect(writeAll([{}], { outcomes }).count).toBe(expected)
})

test('more attempts than fit into one batch are written in several', () => {
  const { count, trace } = writeAll(Array.from({ length: BATCH_ROWS + 5 }, () => ({})))
  expect(count).toBe(BATCH_ROWS + 5)
  expect(trace.db.prepare('SELECT attempt_count FROM batch').pluck().all()).toEqual([BATCH_ROWS, 5])
})
