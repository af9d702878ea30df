import type { Database } from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { decodeIds } from '../../store/decode-blobs.js'
import { expandSums } from '../../store/expand-sums.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { NAMES, STARTED_UNIX_NS, addSession, createWriter, openNewTrace } from '../new-trace.js'
import { randomEvents } from '../random-events.js'
import { expectWindowTables } from './window-tables.js'
import { countRows, write } from './written-trace.js'

/** Attempts of 30 processes, over a thousand seconds. */
function fewProcesses(random: () => number, count: number) {
  return randomEvents(random, count).map((event) => ({ ...event, cgroupId: 1n }))
}

/** Attempts within three seconds. Some began before the session, whose clock starts at 1 s. */
function fewSeconds(random: () => number, count: number) {
  const startedNs = () => BigInt(randomInteger(random, 0, 3e9))
  return randomEvents(random, count).map((event) => ({ ...event, startedNs: startedNs() }))
}

/** A writer of a session that did not begin at a full Unix second, 1 s after the host booted. */
function createLateWriter(db: Database, sessionId: number, unixNs: bigint) {
  db.prepare('UPDATE session SET started_unix_ns = ? WHERE session_id = ?').run(unixNs, sessionId)
  return createTraceWriter(db, { sessionId, epochNs: 1_000_000_000n, names: NAMES, metadata: null })
}

describe('the tables of a window equal the sums of its attempts', () => {
  test.each([
    ['few processes', fewProcesses],
    ['few seconds', fewSeconds],
    ['many processes and seconds', randomEvents],
  ])('%s, in windows of any size', (_, makeEvents) => {
    const random = createRandom(37)
    const trace = openNewTrace()
    const writer = createLateWriter(trace.db, trace.sessionId, STARTED_UNIX_NS + 123_456_789n)
    for (let round = 0; round < 25; round++) {
      write(writer, makeEvents(random, randomInteger(random, 0, 200)), round)
      if (random() < 0.3) writer.flushWindow()
    }
    writer.flushWindow()
    expect(countRows(trace, 'latency_window')).toBeGreaterThan(3)
    expectWindowTables(trace.db)
    expectNothingLeftOut(trace.db)
  })

  test('two sessions, each with its own clock', () => {
    const random = createRandom(41)
    const trace = openNewTrace()
    for (const sessionId of [trace.sessionId, addSession(trace.db)]) {
      const unixNs = STARTED_UNIX_NS + BigInt(sessionId) * 3_600_999_999_999n
      const writer = createLateWriter(trace.db, sessionId, unixNs)
      write(writer, fewSeconds(random, 300))
      writer.flushWindow()
    }
    expectWindowTables(trace.db)
    expectNothingLeftOut(trace.db)
  })
})

/** Checks that every attempt is in exactly one window. */
function expectNothingLeftOut(db: Database): void {
  const windows = `SELECT count(*) FROM latency_window AS w WHERE w.session_id = a.session_id
    AND a.attempt_id BETWEEN w.first_attempt_id AND w.last_attempt_id`
  expect(db.prepare(`SELECT DISTINCT (${windows}) FROM connect_attempt AS a`).pluck().all()).toEqual([1])
}

test('the endpoints of a process are sorted by id, not by order of arrival', () => {
  const trace = openNewTrace()
  write(createWriter(trace), [{ remotePort: 30 }, { remotePort: 10 }, { remotePort: 20 }])
  const second = addSession(trace.db)
  const writer = createWriter({ db: trace.db, sessionId: second })
  write(writer, [{ remotePort: 20 }, { remotePort: 40, outcome: 1 }, { remotePort: 30 }, { remotePort: 20 }])
  writer.flushWindow()
  expandSums(trace.db)
  const blob = trace.db.prepare('SELECT endpoint_ids FROM process_latency').pluck().get() as Uint8Array
  const portOf = trace.db.prepare('SELECT remote_port FROM endpoint WHERE endpoint_id = ?').pluck()
  expect(decodeIds(blob)).toEqual([1, 3, 4])
  expect(decodeIds(blob).map((id) => portOf.get(id))).toEqual([30, 20, 40])
})
