import { describe, expect, test } from 'vitest'
import { MAX_ENTRIES, createDictionaries, type Dictionaries } from '../../../src/record/write/dictionaries.js'
import { connectEvent } from '../../../src/record/event/wire.gen.js'
import type { Transaction } from '../../../src/record/write/transaction.js'
import { createWindows } from '../../../src/record/write/windows.js'
import { packEvents, slotOf } from '../make-events.js'
import { STARTED_UNIX_NS, openNewTrace } from '../new-trace.js'
import { addAttempts } from './add-attempts.js'
import { expandSums } from '../../store/expand-sums.js'

const STARTED_UNIX_S = Number(STARTED_UNIX_NS / 1_000_000_000n)
const inPlace: Transaction = (body) => body()
const failing: Transaction = () => {
  throw new Error('locked')
}

/** Windows over dictionaries in which endpoint n has the id 100 + n, and process n the id 200 + n. */
function createScene() {
  const { db, sessionId } = openNewTrace()
  let [endpoints, processes] = [100, 200]
  for (let i = 0; i < 10; i++) {
    db.prepare(`INSERT INTO endpoint VALUES (?, 4, ?, '127.0.0.1', ?)`).run(endpoints + i, Buffer.alloc(16), i)
    db.prepare(`INSERT INTO process (process_id, session_id, pid, process_start_ns, comm, uid, netns)
      VALUES (?, ?, ?, 1, 'curl', 0, 1)`).run(processes + i, sessionId, i)
  }
  const dictionaries = createDictionaries({
    process: () => ({ processId: processes++, netns: 1 }),
    endpoint: () => endpoints++,
    localAddress: () => 1,
  })
  for (let number = 0; number < 5; number++) {
    addEndpoint(dictionaries, number)
    addProcess(dictionaries, number)
  }
  const windows = createWindows(db, { sessionId, sinceNs: 0 }, dictionaries)
  const select = (columns: string, table: string) => {
    expandSums(db)
    return db.prepare(`SELECT ${columns} FROM ${table}`).raw().all()
  }
  const ranges = () => select('first_attempt_id, last_attempt_id', 'latency_window')
  return { dictionaries, windows, select, ranges }
}

function addEndpoint(dictionaries: Dictionaries, remotePort: number): void {
  dictionaries.endpoint(packEvents([{ remotePort }]), connectEvent.remote_address / 4)
}

function addProcess(dictionaries: Dictionaries, pid: number): void {
  const packed = packEvents([{ pid }])
  dictionaries.process(packed.processes, slotOf(packed, 0))
}

describe('a window', () => {
  test('is due after 60 s', () => {
    const { windows } = createScene()
    expect([windows.isDue(59.9e9), windows.isDue(60e9)]).toEqual([false, true])
    windows.flush(inPlace, 1, 70e9)
    expect([windows.isDue(129e9), windows.isDue(130e9)]).toEqual([false, true])
  })

  test('is due when the dictionaries are full, which begin anew with it', () => {
    const { windows, dictionaries } = createScene()
    for (let port = 5; port < MAX_ENTRIES; port++) addEndpoint(dictionaries, port)
    expect(windows.isDue(0)).toBe(true)
    windows.flush(inPlace, 1, 0)
    expect([windows.isDue(0), dictionaries.isFull()]).toEqual([false, false])
  })

  test('goes into the file with the ids that it sums up and those of its endpoints and processes', () => {
    const { select, windows, ranges } = createScene()
    addAttempts(windows.current, [
      { latencyNs: 1000 },
      { process: 4, endpoint: 3, outcome: 1, synRetransmits: 2, startedNs: 2e9 },
    ])
    windows.flush(inPlace, 8, 0)
    addAttempts(windows.current, [{ process: 4, endpoint: 3 }])
    windows.flush(inPlace, 9, 0)
    expect(ranges()).toEqual([
      [6, 7],
      [8, 8],
    ])
    const sums = 'established, refused, syn_retransmits'
    expect(select(`window_id, endpoint_id, ${sums}`, 'endpoint_latency')).toEqual([
      [1, 100, 1, 0, 0],
      [1, 103, 0, 1, 2],
      [2, 103, 1, 0, 0],
    ])
    expect(select(`window_id, process_id, ${sums}, endpoint_ids`, 'process_latency')).toEqual([
      [1, 200, 1, 0, 0, Buffer.of(0, 2, 100)],
      [1, 204, 0, 1, 2, Buffer.of(0, 2, 103)],
      [2, 204, 1, 0, 0, Buffer.of(0, 2, 103)],
    ])
    expect(select(`window_id, unix_second, ${sums}`, 'second_latency')).toEqual([
      [1, STARTED_UNIX_S, 1, 0, 0],
      [1, STARTED_UNIX_S + 2, 0, 1, 2],
      [2, STARTED_UNIX_S, 1, 0, 0],
    ])
    expect(windows.totals.counts.slice(0, 2)).toEqual([2, 1])
  })

  test('without attempts is none', () => {
    const { windows, ranges } = createScene()
    windows.flush(inPlace, 1, 0)
    expect(ranges()).toEqual([])
  })
})

describe('a window that could not be written', () => {
  test('is due, and written by the next flush, once', () => {
    const { windows, ranges } = createScene()
    addAttempts(windows.current, [{ latencyNs: 1000 }])
    expect(() => windows.flush(failing, 2, 0)).toThrow('locked')
    expect(windows.isDue(0)).toBe(true)
    expect(() => windows.flush(failing, 2, 0)).toThrow('locked')
    expect(windows.totals.counts[0]).toBe(0)
    windows.flush(inPlace, 2, 0)
    windows.flush(inPlace, 2, 0)
    expect(ranges()).toEqual([[1, 1]])
    expect(windows.totals.counts[0]).toBe(1)
    expect(windows.isDue(0)).toBe(false)
  })

  test('keeps its ids, also when the dictionaries have begun anew', () => {
    const { windows, dictionaries, select } = createScene()
    addAttempts(windows.current, [{}, { process: 1, endpoint: 1 }])
    expect(() => windows.flush(failing, 3, 0)).toThrow('locked')
    dictionaries.reset()
    addEndpoint(dictionaries, 80)
    addProcess(dictionaries, 80)
    windows.flush(inPlace, 3, 0)
    expect(select('endpoint_id', 'endpoint_latency')).toEqual([[100], [101]])
    expect(select('process_id, endpoint_ids', 'process_latency')).toEqual([
      [200, Buffer.of(0, 2, 100)],
      [201, Buffer.of(0, 2, 101)],
    ])
  })
})
