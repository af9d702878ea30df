import { expect, test } from 'vitest'
import { SLOTS, allocateQueue, countNumbers, createChunkQueue } from '../../../src/analyze/scan/chunk-queue.js'

const rows = () => new Float64Array(new SharedArrayBuffer(8 * countNumbers(10, 2)))

test('each chunk is claimed once while a slot is free', () => {
  const memory = allocateQueue(SLOTS + 3, 10, rows())
  const [one, other] = [createChunkQueue(memory), createChunkQueue(memory)]
  const claimed = Array.from({ length: SLOTS }, (_, i) => (i % 2 === 0 ? one : other).claim())
  expect(claimed).toEqual(Array.from({ length: SLOTS }, (_, i) => i))
  expect(one.claim()).toBe(-1)
  expect(one.isOver()).toBe(false)
  one.take()
  expect([other.claim(), one.claim()]).toEqual([SLOTS, -1])
})

test('a finished chunk has its rows or a failure, and its slot is reused', () => {
  const memory = allocateQueue(2 * SLOTS, 10, rows())
  const queue = createChunkQueue(memory)
  for (let chunk = 0; chunk < SLOTS; chunk++) queue.claim()
  expect(queue.isFinished(0)).toBe(false)
  queue.finish(0, 7)
  queue.finish(1, 0)
  queue.finish(2, null)
  expect([0, 1, 2].map(queue.rowCountOf)).toEqual([7, 0, null])
  expect([0, 1, 2, 3, SLOTS].map(queue.isFinished)).toEqual([true, true, true, false, false])
  queue.take()
  queue.finish(queue.claim(), 9)
  expect([queue.isFinished(0), queue.isFinished(SLOTS), queue.rowCountOf(SLOTS)]).toEqual([false, true, 9])
})

test('a closed queue has no chunks to claim', () => {
  const queue = createChunkQueue(allocateQueue(5, 10, rows()))
  queue.finish(queue.claim(), 1)
  queue.close()
  expect([queue.claim(), queue.isOver(), queue.takenCount()]).toEqual([-1, true, 5])
})

test('a thread that waits for a taken chunk continues once one is taken', () => {
  const queue = createChunkQueue(allocateQueue(5, 10, rows()))
  const taken = queue.takenCount()
  queue.take()
  queue.waitForTaken(taken)
  expect(queue.takenCount()).toBe(taken + 1)
})
