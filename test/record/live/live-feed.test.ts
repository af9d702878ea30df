import { expect, test } from 'vitest'
import { createLiveFeed } from '../../../src/record/live/live-feed.js'
import type { EventMemory } from '../../../src/record/decode/event-memory.js'
import { createProcessTable } from '../../../src/record/decode/process-table.js'
import { ATTEMPT_BYTES } from '../../../src/record/probe/ring-reader.js'
import { connectEvent } from '../../../src/record/probe/wire.gen.js'
import { makeRow } from '../../view/make-row.js'

const MS = 1e6

/** A probe whose ring and map hold attempts by the time of their start, in ms. */
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
    ring: {
      ...memory([]),
      peek(take: (offset: number) => void) {
        ring.forEach((_, i) => take(i * connectEvent.size_bytes))
        return ring.length
      },
      release: () => {
        const given = ring.length * ATTEMPT_BYTES
        ring = []
        return given
      },
    },
    pending: () => ({ ...memory(pending), count: pending.length }),
    explain: () => ring.length * ATTEMPT_BYTES,
    isEmpty: () => isEmpty,
  } as unknown as Parameters<typeof createLiveFeed>[0]
  const feed = createLiveFeed(probe, {
    acceptsPending,
    read(_, byteOffset, isPending) {
      events = isPending ? pending : ring
      const startedNs = (events[byteOffset / connectEvent.size_bytes] as number) * MS
      return makeRow({ startedNs, outcome: isPending ? 'pending' : 'established' })
    },
    identify: (_, byteOffset) => makeRow({ startedNs: (pending[byteOffset / connectEvent.size_bytes] as number) * MS }),
  })
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
    /** As while a file is locked: events stay in the probe's ring, and no copy of them is there yet. */
    block(isBlocked: boolean) {
      isEmpty = !isBlocked
    },
    poll: (nowMs: number) => feed.poll(nowMs * MS).map((row) => [row.startedNs / MS, row.outcome]),
    finish: (nowMs: number) => feed.finish(nowMs * MS).map((row) => [row.startedNs / MS, row.outcome]),
  }
}

test('an attempt is shown when it ends, held back for 100 ms at most', () => {
  const { begin, end, poll } = createScene()
  begin(10)
  end(10)
  expect(poll(50)).toEqual([])
  expect(poll(110)).toEqual([[10, 'established']])
  expect(poll(500)).toEqual([])
})

test('rows are in the order of their start within 100 ms', () => {
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

test('an attempt that waits for 200 ms is shown as pending, and not once more when it ends', () => {
  const { begin, end, poll } = createScene()
  begin(10)
  expect(poll(109)).toEqual([])
  expect(poll(210)).toEqual([[10, 'pending']])
  expect(poll(260)).toEqual([])
  end(10)
  for (const now of [310, 360, 410]) expect(poll(now)).toEqual([])
})

test('what ends between two polls while it is pending is shown once', () => {
  const { begin, end, poll } = createScene()
  begin(10)
  expect(poll(250)).toEqual([[10, 'pending']])
  poll(300)
  end(10)
  begin(290)
  end(290)
  expect(poll(400)).toEqual([[290, 'established']])
})

test('nothing is shown as pending when that is not asked for', () => {
  const { begin, end, poll, finish } = createScene(null)
  begin(10)
  begin(20)
  expect(poll(1000)).toEqual([])
  end(10)
  expect(poll(1050)).toEqual([[10, 'established']])
  expect(finish(1100)).toEqual([])
})

test('at the end all that is left is shown', () => {
  const { begin, end, finish } = createScene()
  begin(10)
  begin(20)
  end(20)
  expect(finish(30)).toEqual([
    [10, 'pending'],
    [20, 'established'],
  ])
})

test('what was shown as pending is not shown again, however late its event comes', () => {
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

test('a poll takes what was explained, which is looked at once: a flood of packets makes that long', () => {
  const explained = [40_000, 10].map((attempts) => attempts * ATTEMPT_BYTES)
  const left = { attempts: 50_000, peeked: 0 }
  const probe = {
    ring: {
      words: new Uint32Array(0),
      bytes: new Uint8Array(0),
      peek(take: (offset: number) => void, limit: number, withinBytes: number) {
        left.peeked = Math.min(limit, left.attempts, Math.ceil(withinBytes / ATTEMPT_BYTES))
        for (let i = 0; i < left.peeked; i++) take(0)
        return left.peeked
      },
      release() {
        left.attempts -= left.peeked
        return left.peeked * ATTEMPT_BYTES
      },
    },
    explain: () => explained.shift() as number,
    pending: () => ({ words: new Uint32Array(0), bytes: new Uint8Array(0), count: 0 }),
    isEmpty: () => false,
  } as unknown as Parameters<typeof createLiveFeed>[0]
  const row = makeRow({ startedNs: 0 })
  const feed = createLiveFeed(probe, { acceptsPending: null, read: () => row, identify: () => row })
  expect(feed.poll(1e9)).toHaveLength(40_000)
  expect([explained, left.attempts]).toEqual([[10 * ATTEMPT_BYTES], 10_000])
  expect(feed.poll(2e9)).toHaveLength(10)
})
