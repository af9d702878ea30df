import { expect, test } from 'vitest'
import { createFakeProbe } from '../session/fake-probe.js'
import { createLiveFeed, feedAttempts } from '../../../src/record/live/live-feed.js'
import type { EventMemory } from '../../../src/record/event/event-memory.js'
import { createProcessTable } from '../../../src/record/event/process-table.js'
import { connectEvent } from '../../../src/record/event/wire.gen.js'
import type { ConnectRow } from '../../../src/view/connect-row.js'
import { makeRow } from '../../view/make-row.js'

const MS = 1e6

/** A probe whose ring and map hold attempts, identified by their start time in ms. */
function createScene(acceptsPending: ((waitedNs: number) => boolean) | null = () => true) {
  let ring: number[] = []
  let pending: number[] = []
  let isEmpty = true
  const memory = (starts: readonly number[]): EventMemory => ({
    words: new Uint32Array(0),
    bytes: Uint8Array.from(starts),
    processes: createProcessTable(),
  })
  let events: readonly number[] = []
  const probe = {
    ring: { pendingBytes: () => (isEmpty ? 0 : 1) },
    pending: () => ({ ...memory(pending), count: pending.length }),
  }
  const feed = createLiveFeed(probe, {
    acceptsPending,
    read(_, byteOffset, isPending) {
      events = isPending ? pending : ring
      const startedNs = (events[byteOffset / connectEvent.size_bytes] as number) * MS
      return makeRow({ startedNs, outcome: isPending ? 'pending' : 'established' })
    },
    identify: (_, byteOffset) => makeRow({ startedNs: (pending[byteOffset / connectEvent.size_bytes] as number) * MS }),
  })
  const drain = () => {
    ring.forEach((_, i) => feed.add(memory(ring), i * connectEvent.size_bytes))
    ring = []
  }
  const shown = (rows: readonly ConnectRow[]) => rows.map((row) => [row.startedNs / MS, row.outcome])
  const vanish = (start: number) => void (pending = pending.filter((one) => one !== start))
  const arrive = (start: number) => void ring.push(start)
  return {
    begin: (start: number) => void pending.push(start),
    end(start: number) {
      vanish(start)
      arrive(start)
    },
    vanish,
    arrive,
    /** Simulates a locked file: events stay in the ring and are not added yet. */
    block(isBlocked: boolean) {
      isEmpty = !isBlocked
    },
    poll(nowMs: number) {
      drain()
      return shown(feed.poll(nowMs * MS))
    },
    finish(nowMs: number) {
      drain()
      return shown(feed.finish(nowMs * MS))
    },
  }
}

test('an attempt is shown when it ends, after at most 100 ms', () => {
  const { begin, end, poll } = createScene()
  begin(10)
  end(10)
  expect(poll(50)).toEqual([])
  expect(poll(110)).toEqual([[10, 'established']])
  expect(poll(500)).toEqual([])
})

test('rows are sorted by start time within 100 ms', () => {
  const { begin, end, poll } = createScene()
  for (const start of [10, 40, 70]) begin(start)
  end(70)
  end(40)
  expect(poll(80)).toEqual([])
  end(10)
  expect(poll(200)).toEqual([
    [10, 'established'],
    [40, 'established'],
    [70, 'established'],
  ])
})

test('an attempt that lasts 200 ms is shown as pending, and is not shown again when it ends', () => {
  const { begin, end, poll } = createScene()
  begin(10)
  expect(poll(109)).toEqual([])
  expect(poll(210)).toEqual([[10, 'pending']])
  expect(poll(260)).toEqual([])
  end(10)
  for (const now of [310, 360, 410]) expect(poll(now)).toEqual([])
})

test('an attempt shown as pending that ends between two polls is shown once', () => {
  const { begin, end, poll } = createScene()
  begin(10)
  expect(poll(250)).toEqual([[10, 'pending']])
  poll(300)
  end(10)
  begin(290)
  end(290)
  expect(poll(400)).toEqual([[290, 'established']])
})

test('pending attempts are not shown if they are not requested', () => {
  const { begin, end, poll, finish } = createScene(null)
  begin(10)
  begin(20)
  expect(poll(1000)).toEqual([])
  end(10)
  expect(poll(1050)).toEqual([[10, 'established']])
  expect(finish(1100)).toEqual([])
})

test('all remaining attempts are shown at the end', () => {
  const { begin, end, finish } = createScene()
  begin(10)
  begin(20)
  end(20)
  expect(finish(30)).toEqual([
    [10, 'pending'],
    [20, 'established'],
  ])
})

test('an attempt shown as pending is not shown again, however late its event arrives', () => {
  const { begin, vanish, arrive, poll, block } = createScene()
  begin(10)
  expect(poll(250)).toEqual([[10, 'pending']])
  block(true)
  vanish(10)
  for (const now of [400, 550, 700, 850]) expect(poll(now)).toEqual([])
  block(false)
  arrive(10)
  expect(poll(1000)).toEqual([])
})

test('a pending attempt is shown once it reaches the minimum latency, or when it ends', () => {
  const { begin, end, poll, finish } = createScene((waitedNs) => waitedNs >= 1000 * MS)
  for (const start of [10, 20, 30]) begin(start)
  expect(poll(400)).toEqual([])
  end(10)
  expect(poll(600)).toEqual([[10, 'established']])
  expect(poll(1025)).toEqual([[20, 'pending']])
  expect(finish(1600)).toEqual([[30, 'pending']])
})

test('attempts in the ring are shown after their names are read; attempts that arrive meanwhile wait for the next poll', () => {
  const probe = createFakeProbe()
  const emit = (count: number) => probe.emit(Array.from({ length: count }, () => ({})))
  let [added, reads] = [0, 0]
  const feed = { add: () => void added++ }
  const metadata = {
    read() {
      reads++
      emit(10)
    },
  }
  emit(40_000)
  feedAttempts(feed, probe.ring, metadata)
  expect([added, reads]).toEqual([40_000, 1])
  feedAttempts(feed, probe.ring, metadata)
  expect([added, reads]).toEqual([40_010, 2])
})
