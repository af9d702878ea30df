import { expect, test } from 'vitest'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import { connectFlag } from '../../../src/record/event/wire.gen.js'
import { createRecordedStarts } from '../../../src/record/rotate/recorded-starts.js'
import { createBatch } from '../../../src/record/write/attempt-batch.js'
import { createFakeProbe } from '../session/fake-probe.js'

function createScene() {
  const { emit, ring } = createFakeProbe()
  const starts = createRecordedStarts()
  const commit = () => {
    ring.peek(() => {}, 100)
    starts.observe({ rows: createBatch(1), memory: ring, loss: NO_LOSS, forEachEvent: ring.peekAgain })
    ring.release()
  }
  return { emit, starts, commit }
}

test('attempts are noted with start time and namespace, from the call of note until the notes are returned', () => {
  const { emit, starts, commit } = createScene()
  emit([{ startedNs: 1n }])
  commit()
  const finish = starts.note()
  emit([
    { startedNs: 2n ** 40n + 5n, netns: 8 },
    { startedNs: 3n, netns: 9 },
  ])
  commit()
  expect(finish()).toEqual([
    { startedNs: 2n ** 40n + 5n, netns: 8 },
    { startedNs: 3n, netns: 9 },
  ])
  emit([{ startedNs: 4n }])
  commit()
  expect(finish()).toHaveLength(2)
})

test('an attempt that the kernel does not count is not noted', () => {
  const { emit, starts, commit } = createScene()
  const finish = starts.note()
  emit([{ flags: connectFlag.no_syn }, { flags: connectFlag.ipv4_mapped }])
  commit()
  expect(finish()).toHaveLength(1)
})
