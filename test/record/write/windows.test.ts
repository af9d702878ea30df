import { describe, expect, test } from 'vitest'
import { MAX_ENTRIES, createDictionaries, type Dictionaries } from '../../../src/record/intern/dictionaries.js'
import { connectEvent } from '../../../src/record/probe/wire.gen.js'
import type { Transaction } from '../../../src/record/write/transaction.js'
import { createWindows } from '../../../src/record/write/windows.js'
import { packEvents } from '../make-events.js'
import { openNewTrace } from '../new-trace.js'

const inPlace: Transaction = (body) => body()
const failing: Transaction = () => {
  throw new Error('locked')
}

/** Windows over dictionaries in which endpoint n has the id 100 + n. */
function createScene() {
  const { db, sessionId } = openNewTrace()
  let endpoints = 100
  for (let id = 100; id < 110; id++) {
    db.prepare(`INSERT INTO endpoint VALUES (?, 4, ?, '127.0.0.1', ?)`).run(id, Buffer.alloc(16), id)
  }
  const dictionaries = createDictionaries({
    process: () => ({ processId: 1, netns: 1 }),
    endpoint: () => endpoints++,
    localAddress: () => 1,
  })
  for (let port = 0; port < 5; port++) addEndpoint(dictionaries, port)
  const windows = createWindows(db, sessionId, dictionaries)
  const ranges = () => db.prepare('SELECT first_attempt_id, last_attempt_id FROM latency_window').raw().all()
  return { db, dictionaries, windows, ranges }
}

function addEndpoint(dictionaries: Dictionaries, remotePort: number): void {
  dictionaries.endpoint(packEvents([{ remotePort }]), connectEvent.remote_address / 4)
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

  test('goes into the file with the ids that it sums up and those of its endpoints', () => {
    const { db, windows, ranges } = createScene()
    windows.current.add(0, 0, 1000, 0, 5)
    windows.current.add(3, 1, 1000, 2, 6)
    windows.flush(inPlace, 8, 0)
    windows.current.add(3, 0, 1000, 0, 7)
    windows.flush(inPlace, 9, 0)
    expect(ranges()).toEqual([
      [6, 7],
      [8, 8],
    ])
    const rows = db.prepare(
      'SELECT window_id, endpoint_id, established, refused, syn_retransmits FROM endpoint_latency',
    )
    expect(rows.raw().all()).toEqual([
      [1, 100, 1, 0, 0],
      [1, 103, 0, 1, 2],
      [2, 103, 1, 0, 0],
    ])
    expect(windows.totals.counts.slice(0, 2)).toEqual([2, 1])
  })

  test('without attempts is none', () => {
    const { windows, ranges } = createScene()
    windows.flush(inPlace, 1, 0)
    expect(ranges()).toEqual([])
  })
})

test('a window that could not be written is due, and written by the next flush, once', () => {
  const { windows, ranges } = createScene()
  windows.current.add(0, 0, 1000, 0, 5)
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
