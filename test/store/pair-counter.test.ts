import { expect, test } from 'vitest'
import { createPairCounter } from '../../../src/record/write/pair-counter.js'
import { BUCKET_COUNT } from '../../../src/store/latency-histogram.js'
import { createRandom, randomInteger } from '../../store/random.js'

/** As `take` gives them, from a plain Map of counts by entry and bucket. */
function toLists(counts: ReadonlyMap<string, number>): Map<number, number[]> {
  const triples = [...counts].map(([key, count]) => [...key.split(' ').map(Number), count] as [number, number, number])
  const lists = new Map<number, number[]>()
  for (const [entry, bucket, count] of triples.toSorted(([a, b], [c, d]) => a - c || b - d)) {
    lists.set(entry, [...(lists.get(entry) ?? []), bucket, count])
  }
  return lists
}

test('counts are those of a plain Map, also as the table grows, and again after a take', () => {
  const random = createRandom(1)
  const counter = createPairCounter()
  for (const size of [10, 3000, 20_000, 100]) {
    const expected = new Map<string, number>()
    for (let i = 0; i < size; i++) {
      const [entry, bucket] = [randomInteger(random, 0, 300), randomInteger(random, 0, 40)]
      counter.add(entry, bucket)
      expected.set(`${entry} ${bucket}`, (expected.get(`${entry} ${bucket}`) ?? 0) + 1)
    }
    expect(counter.size).toBe(expected.size)
    expect(counter.take()).toEqual(toLists(expected))
    expect(counter.size).toBe(0)
  }
})

test('the highest bucket of one entry is not the lowest of the next, and high entries stay apart', () => {
  const counter = createPairCounter()
  const pairs = [
    [0, 0],
    [0, BUCKET_COUNT - 1],
    [1, 0],
    [524_287, 5],
    [1_048_575, BUCKET_COUNT - 1],
  ] as const
  for (const [entry, bucket] of pairs) counter.add(entry, bucket)
  expect(counter.take()).toEqual(
    new Map([
      [0, [0, 1, BUCKET_COUNT - 1, 1]],
      [1, [0, 1]],
      [524_287, [5, 1]],
      [1_048_575, [BUCKET_COUNT - 1, 1]],
    ]),
  )
})

test('nothing added, nothing taken', () => {
  expect(createPairCounter().take()).toEqual(new Map())
})
