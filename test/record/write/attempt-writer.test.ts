import type { Database } from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createBatch, type AttemptBatch, type RowShape } from '../../../src/record/write/attempt-batch.js'
import { connectFlag } from '../../../src/record/event/wire.gen.js'
import { createAttemptWriter } from '../../../src/record/write/attempt-writer.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { openNewTrace } from '../new-trace.js'

const PENDING = 7
const COLUMNS = `session_id, started_ns, latency_ns, outcome, errno, syn_retransmits, flags, process_id, tid_delta, endpoint_id,
  local_endpoint`

const ENTRIES = 50
/** Ids beyond 32 bits at the one end, small ones at the other. */
const IDS = {
  processIds: Array.from({ length: ENTRIES }, (_, entry) => 2 ** 33 + entry),
  endpointIds: Array.from({ length: ENTRIES }, (_, entry) => 1 + entry),
}

/** A batch of random rows in `shapes`, each shape used by chance. */
function randomBatch(random: () => number, count: number, shapes: readonly RowShape[]): AttemptBatch {
  const batch = createBatch(count)
  batch.shapes.push(...shapes)
  for (let row = 0; row < count; row++) {
    batch.shape[row] = randomInteger(random, 0, shapes.length - 1)
    batch.startedNs[row] = randomInteger(random, -1000, 2 ** 53 - 1)
    batch.latencyNs[row] = randomInteger(random, 0, 2 ** 45)
    batch.processEntry[row] = randomInteger(random, 0, ENTRIES - 1)
    batch.tidDelta[row] = randomInteger(random, -(2 ** 31), 2 ** 31 - 1)
    batch.endpointEntry[row] = randomInteger(random, 0, ENTRIES - 1)
    batch.localEndpoint[row] = randomInteger(random, 65_536, 2 ** 48 - 1)
  }
  batch.count = count
  return batch
}

function randomShapes(random: () => number, count: number): RowShape[] {
  return Array.from({ length: count }, (_, i) => ({
    outcome: i % 8,
    errno: randomInteger(random, 0, 1) * randomInteger(random, 1, 65_535),
    synRetransmits: randomInteger(random, 0, 255),
    flags: randomInteger(random, 0, 255),
  }))
}

/** The rows as they ought to be, shape by shape in the order of arrival. */
function expectedRows(batch: AttemptBatch, sessionId: number): (number | null)[][] {
  const rows = Array.from({ length: batch.count }, (_, row) => row)
  return rows
    .toSorted((a, b) => (batch.shape[a] as number) - (batch.shape[b] as number) || a - b)
    .map((row) => {
      const { outcome, errno, synRetransmits, flags } = batch.shapes[batch.shape[row] as number] as RowShape
      const hasLatency = outcome !== PENDING && (flags & connectFlag.inexact) === 0
      const latencyNs = !hasLatency ? null : (batch.latencyNs[row] as number)
      const ids = [
        IDS.processIds[batch.processEntry[row] as number] as number,
        batch.tidDelta[row] as number,
        IDS.endpointIds[batch.endpointEntry[row] as number] as number,
        batch.localEndpoint[row] as number,
      ]
      return [
        sessionId,
        batch.startedNs[row] as number,
        latencyNs,
        outcome,
        errno || null,
        outcome === PENDING ? null : synRetransmits,
        flags,
        ...ids,
      ]
    })
}

function writtenRows(db: Database): unknown[] {
  return db.prepare(`SELECT ${COLUMNS} FROM connect_attempt ORDER BY attempt_id`).raw().all()
}

test('batches of 1 to 200 rows, of one shape, are the rows one by one', () => {
  const { db, sessionId } = openNewTrace()
  const random = createRandom(1)
  const writer = createAttemptWriter(db, { sessionId, sinceNs: 0 }, IDS)
  for (let count = 1; count <= 200; count++) {
    const batch = randomBatch(random, count, randomShapes(random, 1))
    db.exec('DELETE FROM connect_attempt; BEGIN')
    writer.insert(batch)
    db.exec('COMMIT')
    expect(writtenRows(db)).toEqual(expectedRows(batch, sessionId))
  }
})

test('batches of many shapes keep the order within each shape, and ids without a gap', () => {
  const { db, sessionId } = openNewTrace()
  const random = createRandom(2)
  const writer = createAttemptWriter(db, { sessionId, sinceNs: 0 }, IDS)
  const expected: unknown[] = []
  for (let round = 0; round < 40; round++) {
    const shapes = randomShapes(random, randomInteger(random, 1, 150))
    const batch = randomBatch(random, randomInteger(random, 1, 700), shapes)
    expected.push(...expectedRows(batch, sessionId))
    db.exec('BEGIN')
    writer.insert(batch)
    db.exec('COMMIT')
  }
  expect(writtenRows(db)).toEqual(expected)
  const ids = db.prepare('SELECT attempt_id FROM connect_attempt ORDER BY attempt_id').pluck().all()
  expect(ids).toEqual(ids.map((_, i) => i + 1))
})

test('values are stored as integers', () => {
  const { db, sessionId } = openNewTrace()
  const random = createRandom(3)
  createAttemptWriter(db, { sessionId, sinceNs: 0 }, IDS).insert(randomBatch(random, 100, randomShapes(random, 8)))
  for (const column of COLUMNS.split(/,\s+/)) {
    const types = db.prepare(`SELECT DISTINCT typeof(${column}) FROM connect_attempt`).pluck().all()
    expect(types.filter((type) => type !== 'integer' && type !== 'null')).toEqual([])
  }
})

test('an empty batch writes nothing', () => {
  const { db, sessionId } = openNewTrace()
  createAttemptWriter(db, { sessionId, sinceNs: 0 }, IDS).insert(createBatch(8))
  expect(writtenRows(db)).toEqual([])
})

test('each session writes under its own number', () => {
  const { db } = openNewTrace()
  const random = createRandom(4)
  const batch = randomBatch(random, 3, randomShapes(random, 2))
  for (const sessionId of [5, 6]) createAttemptWriter(db, { sessionId, sinceNs: 0 }, IDS).insert(batch)
  expect(writtenRows(db)).toEqual([...expectedRows(batch, 5), ...expectedRows(batch, 6)])
})
