import { describe, expect, test } from 'vitest'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import { BATCH_ROWS } from '../../../src/record/write/trace-writer.js'
import { decodeIds } from '../../store/decode-blobs.js'
import { expandSums } from '../../store/expand-sums.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { MAPPED_PREFIX, packEvents } from '../make-events.js'
import { addSession, createWriter, openNewTrace } from '../new-trace.js'
import { randomEvents } from '../random-events.js'
import { readRowSums, readWindowSums } from './endpoint-sums.js'
import { expectWindowTables } from './window-tables.js'
import { countRows, expectZoneMaps, write } from './written-trace.js'

describe('windows and the rows after the last one', () => {
  test.each([1, 2, 3])('contain exactly all rows, whenever a window is closed (seed %i)', (seed) => {
    const random = createRandom(seed)
    const trace = openNewTrace()
    const writer = createWriter(trace)
    for (let round = 0; round < 25; round++) {
      write(writer, randomEvents(random, randomInteger(random, 0, 150)), round)
      if (random() < 0.3) writer.flushWindow()
      expect(readWindowSums(trace.db, trace.sessionId)).toEqual(readRowSums(trace.db, trace.sessionId))
    }
    expectWindowTables(trace.db)
    expectZoneMaps(trace, trace.sessionId)
  })

  test('are closed every 60 s, without a call of flushWindow', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    for (const nowNs of [1e9, 59e9, 60e9, 61e9, 119e9, 120e9]) write(writer, [{}], nowNs)
    const ranges = trace.db.prepare('SELECT first_attempt_id, last_attempt_id FROM latency_window').raw().all()
    expect(ranges).toEqual([
      [1, 2],
      [3, 5],
    ])
  })

  test('have the range of times and the flags of their attempts', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    write(writer, [
      { startedNs: 7n, flags: 1 },
      { startedNs: 3n, flags: 127 },
    ])
    writer.flushWindow()
    expect(trace.db.prepare('SELECT * FROM latency_window').get()).toMatchObject({
      min_started_ns: 3,
      max_started_ns: 7,
      ipv4_mapped: 2,
      fast_open: 1,
      mptcp: 1,
      kernel_thread: 1,
      no_syn: 1,
      simultaneous_open: 1,
      inexact: 1,
    })
  })

  test('are added to the totals; an empty window is not stored', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    write(writer, [{}, { outcome: 2 }, { latencyNs: 9_000n }])
    expect(writer.totals.counts[0]).toBe(0)
    writer.flushWindow()
    writer.flushWindow()
    expect(writer.totals.counts).toEqual([2, 0, 1, 0, 0, 0, 0, 0])
    expect(writer.totals.maxLatencyNs).toBe(50_000)
    expect(countRows(trace, 'latency_window')).toBe(1)
  })

  test('stay correct if the dictionaries are reset because of their size', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    const events = Array.from({ length: 65_600 }, (_, i) => ({
      remotePort: (i & 0x7fff) + 1,
      remoteAddress: `${MAPPED_PREFIX}0a00000${i >> 15}`,
    }))
    for (let from = 0; from < events.length; from += BATCH_ROWS) write(writer, events.slice(from, from + BATCH_ROWS))
    expect(writer.dictionaries.isFull()).toBe(false)
    write(writer, [{ remotePort: 70 }, ...events.slice(0, 20)])
    expect(countRows(trace, 'latency_window')).toBe(1)
    expect(countRows(trace, 'endpoint')).toBe(65_601)
    expandSums(trace.db)
    const summed = `SELECT endpoint_id, established AS n FROM endpoint_latency UNION ALL SELECT endpoint_id, 1
      FROM connect_attempt WHERE attempt_id > (SELECT max(last_attempt_id) FROM latency_window)`
    const difference = `SELECT endpoint_id, sum(n) FROM (${summed}) GROUP BY 1
      EXCEPT SELECT endpoint_id, count(*) FROM connect_attempt GROUP BY 1`
    expect(trace.db.prepare(difference).all()).toEqual([])
    expectWindowTables(trace.db)
    const ids = trace.db.prepare('SELECT endpoint_ids FROM process_latency').pluck().get() as Uint8Array
    expect(decodeIds(ids)).toEqual(Array.from({ length: 65_536 }, (_, i) => i + 1))
    const last = trace.db.prepare(`SELECT remote_port FROM connect_attempt JOIN endpoint USING (endpoint_id)
      WHERE attempt_id > 65600 ORDER BY attempt_id`)
    expect(last.pluck().all()).toEqual([70, ...events.slice(0, 20).map((event) => event.remotePort)])
  })
})

describe('a batch', () => {
  test('has the loss since the previous batch, even without attempts', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    expect(write(writer, [{}], 5, { ringFull: 1, mapFull: 2, writerBehind: 3, missed: 4, skipped: 5 })).toBe(1)
    expect(write(writer, [], 6, { ringFull: 4, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })).toBe(0)
    const columns = 'first_attempt_id, attempt_count, written_ns, min_started_ns, lost_ring_full_count'
    expect(trace.db.prepare(`SELECT ${columns} FROM batch`).raw().all()).toEqual([
      [1, 1, 5, 1e9, 1],
      [2, 0, 6, null, 4],
    ])
    const causes = 'lost_map_full_count, lost_writer_behind_count, lost_missed_count, lost_skipped_count'
    expect(trace.db.prepare(`SELECT ${causes} FROM batch`).raw().all()).toEqual([
      [2, 3, 4, 5],
      [0, 0, 0, 0],
    ])
  })

  test('contains a limited number of rows; the next batch has the rest', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    const packed = packEvents(Array.from({ length: BATCH_ROWS + 10 }, () => ({})))
    expect(writer.write(packed, packed.source, NO_LOSS, 0)).toBe(BATCH_ROWS)
    expect(writer.batch.count).toBe(BATCH_ROWS)
  })

  test('continues the ids of the previous session', () => {
    const trace = openNewTrace()
    write(createWriter(trace), [{}, {}])
    const second = addSession(trace.db)
    const writer = createWriter({ db: trace.db, sessionId: second })
    write(writer, [{}, { remotePort: 80 }])
    write(writer, [{}])
    expectZoneMaps(trace, second)
    expect(readRowSums(trace.db, second)).toEqual(readWindowSums(trace.db, second))
    expect(trace.db.prepare('SELECT session_id FROM connects ORDER BY 1').pluck().all()).toEqual([1, 1, 2, 2, 2])
  })
})
