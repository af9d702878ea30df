import { expect, test } from 'vitest'
import { createStartHeap } from '../../../src/analyze/replay/start-heap.js'
import { createRandom, randomInteger } from '../../store/random.js'

test('attempts are sorted by start, then by id', () => {
  const random = createRandom(6)
  const heap = createStartHeap()
  const all = Array.from({ length: 5000 }, (_, id) => ({ id, startedNs: randomInteger(random, -50, 2000) }))
  for (const { id, startedNs } of all) heap.push(startedNs, id)
  const wanted = all.toSorted((a, b) => a.startedNs - b.startedNs || a.id - b.id).map(({ id }) => id)
  expect(heap.earliestNs()).toBe(all[wanted[0] as number]?.startedNs)
  expect(Array.from({ length: 5000 }, heap.pop)).toEqual(wanted)
  expect([heap.size, heap.earliestNs()]).toEqual([0, Infinity])
})
