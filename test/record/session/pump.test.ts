import Database from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { RING_BYTES } from '../../../src/record/probe/load-probe.js'
import { RING_HEADER_BYTES } from '../../../src/record/probe/ring-buffer.js'
import { ATTEMPT_BYTES } from '../../../src/record/probe/ring-reader.js'
import { connectEvent, processEvent } from '../../../src/record/event/wire.gen.js'
import { createPump, type Observer } from '../../../src/record/session/pump.js'
import { BATCH_ROWS } from '../../../src/record/write/trace-writer.js'
import { createWriter, openNewTrace, type NewTrace } from '../new-trace.js'
import { createFakeProbe } from './fake-probe.js'

/** A pump from a ring in plain memory into a new trace, and a clock that the test sets. */
function createScene() {
  const trace = openNewTrace()
  const probe = createFakeProbe()
  const observe = vi.fn<Observer>()
  const metadata = { read: vi.fn(), lookups: [] }
  const source = { probe, metadata, writer: createWriter(trace) }
  const pump = createPump(source, [observe])
  const clock = { ns: 0 }
  return { trace, probe, metadata, source, observe, pump, clock, drain: () => pump.drain(() => clock.ns) }
}

/** Locks the trace like another writer, until `free` is called. */
function lockOut({ file }: NewTrace) {
  const other = new Database(file, { timeout: 0 })
  other.exec('BEGIN IMMEDIATE')
  return { free: () => void other.exec('COMMIT').close() }
}

const portsIn = ({ db }: NewTrace) => db.prepare('SELECT remote_port FROM connects ORDER BY remote_port').pluck().all()
/** Attempts of one process that fit into the ring. */
const FULL_RING = Math.floor((RING_BYTES - RING_HEADER_BYTES - processEvent.size_bytes) / ATTEMPT_BYTES)
const LOSS_COLUMNS = 'lost_ring_full_count, lost_map_full_count, lost_writer_behind_count'
const lossesIn = ({ db }: NewTrace) => db.prepare(`SELECT ${LOSS_COLUMNS} FROM batch ORDER BY batch_id`).raw().all()

describe('draining the ring', () => {
  test('moves its events into the trace, once', () => {
    const { trace, probe, pump, drain, observe } = createScene()
    probe.emit([{ remotePort: 1 }, { remotePort: 2 }])
    expect(drain()).toBe(true)
    probe.emit([{ remotePort: 3 }])
    expect([drain(), drain()]).toEqual([true, true])
    expect(portsIn(trace)).toEqual([1, 2, 3])
    expect(pump.rows).toBe(3)
    expect(probe.ring.pendingBytes()).toBe(0)
    expect(observe).toHaveBeenCalledTimes(2)
  })

  test('writes nothing on an idle host', () => {
    const { trace, drain, observe } = createScene()
    expect(drain()).toBe(true)
    expect(lossesIn(trace)).toEqual([])
    expect(observe).not.toHaveBeenCalled()
  })

  test('uses one transaction per batch until the ring is empty', () => {
    const { trace, probe, pump, drain } = createScene()
    probe.emit(Array.from({ length: 2 * BATCH_ROWS + 1 }, () => ({})))
    drain()
    const counts = trace.db.prepare('SELECT attempt_count FROM batch ORDER BY batch_id').pluck().all()
    expect(counts).toEqual([BATCH_ROWS, BATCH_ROWS, 1])
    expect(pump.rows).toBe(2 * BATCH_ROWS + 1)
  })

  test('a ring that runs full while lookups are written counts as lost because of the writer', () => {
    const { trace, probe, source, drain, clock } = createScene()
    vi.spyOn(source.writer, 'writeLookups').mockImplementationOnce(() => {
      clock.ns += 1e9
      probe.losses.ringFull = 2
      return []
    })
    drain()
    clock.ns += 1e6
    drain()
    expect(lossesIn(trace)).toEqual([[0, 0, 2]])
  })

  test('loss is written with the batch in which it happened, or alone if there are no events', () => {
    const { trace, probe, pump, drain, clock } = createScene()
    probe.emit([{}])
    Object.assign(probe.losses, { ringFull: 2, mapFull: 1 })
    drain()
    clock.ns = 1e9
    drain()
    probe.losses.mapFull = 5
    drain()
    expect(lossesIn(trace)).toEqual([
      [2, 1, 0],
      [0, 4, 0],
    ])
    expect(pump.loss.total).toEqual({ ringFull: 2, mapFull: 5, writerBehind: 0, missed: 0, skipped: 0 })
  })
})

describe('the pipeline', () => {
  test('names are read before the attempts in the ring; attempts that arrive meanwhile wait for the next batch', () => {
    const { trace, probe, metadata, drain } = createScene()
    probe.emit([{ remotePort: 1 }])
    metadata.read.mockImplementationOnce(() => probe.emit([{ remotePort: 2 }]))
    drain()
    expect(portsIn(trace)).toEqual([1])
    drain()
    expect(portsIn(trace)).toEqual([1, 2])
  })

  test('an observer is called after the rows are committed and before their events are released', () => {
    const { trace, probe, observe, drain } = createScene()
    const ports: number[] = []
    observe.mockImplementation(({ rows, memory, forEachEvent }) => {
      expect(portsIn(trace)).toEqual([5, 6])
      expect(rows.count).toBe(2)
      for (let twice = 0; twice < 2; twice++) {
        forEachEvent((byteOffset) => ports.push(memory.words[(byteOffset + connectEvent.remote_port) >> 2]! & 0xffff))
      }
      expect(probe.ring.pendingBytes()).toBeGreaterThan(0)
    })
    probe.emit([{ remotePort: 5 }, { remotePort: 6 }])
    drain()
    expect(ports).toEqual([5, 6, 5, 6])
    expect(probe.ring.pendingBytes()).toBe(0)
  })
})

describe('a file that another program locks', () => {
  test('keeps events in the ring; they are written later, once', () => {
    const { trace, probe, pump, drain, observe } = createScene()
    probe.emit([{ remotePort: 1 }])
    drain()
    const lock = lockOut(trace)
    probe.emit([{ remotePort: 2 }])
    expect([drain(), drain()]).toEqual([false, false])
    probe.emit([{ remotePort: 3 }])
    expect(drain()).toBe(false)
    lock.free()
    expect(drain()).toBe(true)
    expect(portsIn(trace)).toEqual([1, 2, 3])
    expect(pump.rows).toBe(3)
    expect(observe).toHaveBeenCalledTimes(2)
  })

  test('loss during the lock is counted once, as lost because of the writer', () => {
    const { trace, probe, pump, drain } = createScene()
    const lock = lockOut(trace)
    probe.emit([{}])
    drain()
    Object.assign(probe.losses, { ringFull: 10, mapFull: 1 })
    drain()
    probe.losses.ringFull = 15
    drain()
    lock.free()
    drain()
    expect(lossesIn(trace)).toEqual([[0, 1, 15]])
    expect(pump.loss.total).toEqual({ ringFull: 0, mapFull: 1, writerBehind: 15, missed: 0, skipped: 0 })
    probe.losses.ringFull = 16
    drain()
    expect(lossesIn(trace)[1]).toEqual([1, 0, 0])
  })

  test('loses the events that do not fit into the full ring, and counts them', () => {
    const { trace, probe, pump, drain } = createScene()
    const lock = lockOut(trace)
    probe.emit([{}])
    drain()
    probe.emit(Array.from({ length: FULL_RING + 4 }, () => ({})))
    drain()
    lock.free()
    drain()
    expect(pump.rows).toBe(FULL_RING)
    expect(pump.loss.total).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 5, missed: 0, skipped: 0 })
    expect(trace.db.prepare('SELECT count(*) FROM connects').pluck().get()).toBe(FULL_RING)
  })
})

describe('the cause of a full ring', () => {
  /** Writing takes `writingNs`, then `waitingNs` pass. The ring runs full during this time. */
  function lossAfter(writingNs: number, waitingNs: number) {
    const { probe, pump, clock } = createScene()
    let calls = 0
    probe.emit([{}])
    pump.drain(() => (calls++ === 0 ? clock.ns : (clock.ns = writingNs)))
    clock.ns = writingNs + waitingNs
    probe.losses.ringFull = 3
    pump.drain(() => clock.ns)
    return pump.loss.total
  }

  test('is the writer if writing took most of the time since the last drain', () => {
    expect(lossAfter(60e6, 40e6)).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 3, missed: 0, skipped: 0 })
  })

  test('is the reader if it slept or got no CPU', () => {
    expect(lossAfter(40e6, 60e6)).toEqual({ ringFull: 3, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })
  })
})

describe('a pump that continues after another one', () => {
  test('counts only new loss', () => {
    const { probe, pump, drain, source } = createScene()
    Object.assign(probe.losses, { ringFull: 3, mapFull: 1 })
    drain()
    const next = createPump(source, [], { lostBefore: pump.loss.seen })
    probe.losses.ringFull = 5
    next.drain(() => 1e9)
    expect(next.loss.total).toEqual({ ringFull: 2, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 })
    expect(pump.loss.total).toEqual({ ringFull: 3, mapFull: 1, writerBehind: 0, missed: 0, skipped: 0 })
  })

  test('attributes loss during a rotation to the writer', () => {
    const { probe, source } = createScene()
    const next = createPump(source, [], { lostBefore: probe.lost(), heldNs: 60e6 })
    probe.losses.ringFull = 5
    next.drain(() => 100e6)
    expect(next.loss.total).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 5, missed: 0, skipped: 0 })
  })

  test('attributes loss during its own hold to the writer', () => {
    const { probe, pump, drain, clock } = createScene()
    pump.hold(
      () => clock.ns,
      () => (clock.ns = 60e6),
    )
    clock.ns = 100e6
    probe.losses.ringFull = 5
    drain()
    expect(pump.loss.total).toEqual({ ringFull: 0, mapFull: 0, writerBehind: 5, missed: 0, skipped: 0 })
  })
})

test('any other error is thrown, and the events stay in the ring', () => {
  const { trace, probe, drain } = createScene()
  trace.db.exec(`CREATE TEMP TRIGGER full BEFORE INSERT ON main.batch BEGIN SELECT RAISE(ABORT, 'no more'); END`)
  probe.emit([{}])
  expect(drain).toThrow('no more')
  expect(probe.ring.pendingBytes()).toBeGreaterThan(0)
  expect(portsIn(trace)).toEqual([])
})
