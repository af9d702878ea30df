import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { TraceWriter } from '../../../src/record/write/trace-writer.js'
import { createRandom } from '../../store/random.js'
import type { EventFields } from '../make-events.js'
import { createWriter, openNewTrace, type NewTrace } from '../new-trace.js'
import { randomEvents } from '../random-events.js'
import { readRowSums, readWindowSums } from './endpoint-sums.js'
import { expectWindowTables } from './window-tables.js'
import { countRows, expectZoneMaps, write } from './written-trace.js'

test('a failed write changes nothing, and throws the error of SQLite', () => {
  const trace = openNewTrace()
  const writer = createWriter(trace)
  trace.db.exec(`CREATE TEMP TRIGGER full BEFORE INSERT ON main.batch BEGIN SELECT RAISE(ABORT, 'no more'); END`)
  expect(() => write(writer, [{}])).toThrow('no more')
  for (const table of ['connect_attempt', 'batch', 'process', 'endpoint']) expect(countRows(trace, table)).toBe(0)
  expect(trace.db.inTransaction).toBe(false)
})

test('a write that fails because the file is locked can be repeated', () => {
  const trace = openNewTrace()
  const writer = createWriter(trace)
  const random = createRandom(5)
  const [first, second] = [randomEvents(random, 100), randomEvents(random, 100)]
  write(writer, first)
  const other = new Database(trace.file, { timeout: 0 })
  other.exec('BEGIN IMMEDIATE')
  for (let i = 0; i < 3; i++) expect(() => write(writer, second)).toThrow(/locked/)
  other.exec('COMMIT')
  write(writer, second)
  expectSameAsUndisturbed(trace, writer, [first, second])
  other.close()
})

test('a write that fails at its commit, because the file is not in WAL mode and has a reader, can be repeated', () => {
  const trace = openNewTrace('DELETE')
  const writer = createWriter(trace)
  const random = createRandom(6)
  const [first, second] = [randomEvents(random, 100), randomEvents(random, 100)]
  write(writer, first)
  const reader = new Database(trace.file, { timeout: 0 })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM session').get()
  expect(() => write(writer, second)).toThrow(/locked/)
  reader.exec('COMMIT')
  expect(countRows(trace, 'connect_attempt')).toBe(100)
  write(writer, second)
  expectSameAsUndisturbed(trace, writer, [first, second])
  reader.close()
})

test('a window whose commit fails can be written again', () => {
  const trace = openNewTrace('DELETE')
  const writer = createWriter(trace)
  const random = createRandom(7)
  const [first, second] = [randomEvents(random, 100), randomEvents(random, 100)]
  write(writer, first)
  const reader = new Database(trace.file, { timeout: 0 })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM session').get()
  expect(() => writer.flushWindow()).toThrow(/locked/)
  reader.exec('COMMIT')
  write(writer, second)
  expectSameAsUndisturbed(trace, writer, [first, second])
  reader.close()
})

/** Checks that the trace equals the one that a writer makes of the same batches without errors. */
function expectSameAsUndisturbed(
  trace: NewTrace,
  writer: TraceWriter,
  batches: readonly Partial<EventFields>[][],
): void {
  const undisturbed = openNewTrace()
  const other = createWriter(undisturbed)
  for (const events of batches) write(other, events)
  writer.flushWindow()
  other.flushWindow()
  expect(readConnects(trace)).toEqual(readConnects(undisturbed))
  expect(writer.totals.counts).toEqual(other.totals.counts)
  expectZoneMaps(trace, trace.sessionId)
  expect(readWindowSums(trace.db, trace.sessionId)).toEqual(readRowSums(trace.db, trace.sessionId))
  expectWindowTables(trace.db)
}

/** The attempts of the view, in a form that does not depend on the writer. */
function readConnects({ db }: NewTrace): unknown[] {
  return db.prepare('SELECT * FROM connects ORDER BY started_ns, latency_ns, pid, remote_port').safeIntegers().all()
}
