import { expect, test } from 'vitest'
import { explainEvents } from '../../../src/record/dns/explain-events.js'
import { createCgroupPaths } from '../../../src/record/host/cgroup-paths.js'
import { BATCH_ROWS } from '../../../src/record/write/trace-writer.js'
import { createFakeProbe } from '../session/fake-probe.js'
import { createFakeRing, makeRecord, makeResolved } from './context-records.js'

/** A probe that takes up more while its context is read. */
function createScene() {
  const fake = createFakeProbe()
  const ring = createFakeRing()
  const state = { meanwhile: () => {} }
  const context = {
    ...ring,
    endedBusy: () => false,
    read(take: (record: DataView) => void, limit: number) {
      const count = ring.read(take, limit)
      state.meanwhile()
      return count
    },
  }
  const clock = { epochNs: 0n, startedUnixNs: 0n, nowNs: () => 0, unixOffsetNs: () => 0n }
  const options = { clock, cgroupPaths: createCgroupPaths(null), keepsLookups: true }
  const explained = explainEvents({ ...fake, context }, options)
  const peek = (limit: number = BATCH_ROWS) => {
    const seen: boolean[] = []
    explained.probe.ring.peek(() => seen.push(explained.context.lookups.length > 0), limit)
    return seen
  }
  const answer = () => void ring.records.push(makeRecord('getaddrinfo', makeResolved({ addresses: ['192.0.2.1'] })))
  return { fake, state, peek, answer, ring: explained.probe.ring, explained }
}

test('what explains an attempt is read before it', () => {
  const { answer, fake, peek } = createScene()
  answer()
  fake.emit([{}, {}])
  expect(peek()).toEqual([true, true])
})

test('an attempt that comes in while its context is read waits for the next time', () => {
  const { answer, fake, peek, ring, state } = createScene()
  fake.emit([{}])
  // Its name was answered after the context was read for the first one.
  state.meanwhile = () => {
    answer()
    fake.emit([{}])
    state.meanwhile = () => {}
  }
  expect(peek()).toEqual([false])
  ring.release()
  expect(peek()).toEqual([true])
})

test('no more are passed than were asked for', () => {
  const { fake, peek } = createScene()
  fake.emit([{}, {}, {}])
  expect(peek(2)).toHaveLength(2)
})

test('whoever takes attempts by the batch has them explained once, and is told how many bytes they are', () => {
  const { answer, explained, fake, state } = createScene()
  answer()
  fake.emit([{}, {}])
  const waitingBytes = fake.ring.pendingBytes()
  let reads = 0
  state.meanwhile = () => {
    reads++
    fake.emit([{}])
  }
  expect([explained.explain(), reads]).toEqual([waitingBytes, 1])
  expect(explained.context.lookups).toHaveLength(1)
})
