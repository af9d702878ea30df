import { expect, test } from 'vitest'
import { ENTRY_LIMIT, createPairCounter } from '../../src/sums/pair-counter.js'
import { BUCKET_COUNT } from '../../src/sums/latency-histogram.js'
import { createRandom, randomInteger } from '../store/random.js'

/** Additions in the log, which the size does not include yet. */
const LOG_LENGTH = 1000

/** The form of `take`, from a Map of counts by entry and bucket. */
function toLists(counts: ReadonlyMap<string, number>): Map<number, number[]> {
  const triples = [...counts].map(([key, count]) => [...key.split(' ').map(Number), count] as [number, number, number])
  const lists = new Map<number, number[]>()
  for (const [entry, bucket, count] of triples.toSorted(([a, b], [c, d]) => a - c || b - d)) {
    lists.set(entry, [...(lists.get(entry) ?? []), bucket, count])
  }
  return lists
}

test.each([
  ['from 0 on', 0],
  ['around 2^19', 2 ** 19 - 150],
  ['up to the limit', ENTRY_LIMIT - 301],
])('counts equal those of a Map, also after take(): entries %s', (_, lowest) => {
  const random = createRandom(1)
  const counter = createPairCounter(LOG_LENGTH)
  for (const size of [10, 3000, 20_000, 100]) {
    const expected = new Map<string, number>()
    for (let i = 0; i < size; i++) {
      const [entry, bucket] = [lowest + randomInteger(random, 0, 300), randomInteger(random, 0, 40)]
      counter.add(entry, bucket)
      expected.set(`${entry} ${bucket}`, (expected.get(`${entry} ${bucket}`) ?? 0) + 1)
    }
    expect(counter.size).toBeLessThanOrEqual(expected.size)
    expect(counter.take()).toEqual(toLists(expected))
    expect(counter.size).toBe(0)
  }
})

test('the highest bucket of an entry and the lowest of the next are distinct, and so are high entries', () => {
  const counter = createPairCounter(LOG_LENGTH)
  const pairs = [
    [0, 0],
    [0, BUCKET_COUNT - 1],
    [1, 0],
    [524_287, 5],
    [524_288, 5],
    [ENTRY_LIMIT - 1, BUCKET_COUNT - 1],
  ] as const
  for (const [entry, bucket] of [...pairs, ...pairs]) counter.add(entry, bucket)
  expect(counter.take()).toEqual(
    new Map([
      [0, [0, 2, BUCKET_COUNT - 1, 2]],
      [1, [0, 2]],
      [524_287, [5, 2]],
      [524_288, [5, 2]],
      [ENTRY_LIMIT - 1, [BUCKET_COUNT - 1, 2]],
    ]),
  )
})

test('counts are right after more additions than fit into the log', () => {
  const random = createRandom(2)
  const counter = createPairCounter(LOG_LENGTH)
  const expected = new Float64Array(1000 * 64)
  for (let i = 0; i < 500 * LOG_LENGTH + 1; i++) {
    // Entries appear and disappear: some occur only in a part of the additions.
    const entry = randomInteger(random, 0, 499) + (i >> 11)
    const bucket = randomInteger(random, 0, 63)
    counter.add(entry, bucket)
    expected[entry * 64 + bucket]!++
  }
  const counts = new Float64Array(expected.length)
  for (const [entry, list] of counter.take()) {
    for (let i = 0; i < list.length; i += 2) counts[entry * 64 + list[i]!]! += list[i + 1]!
  }
  expect(counts).toEqual(expected)
})

test('the size is the number of pairs, except for the additions in the log', () => {
  const counter = createPairCounter(LOG_LENGTH)
  const pairs = 100 * LOG_LENGTH
  let furthest = 0
  for (let i = 0; i < pairs; i++) {
    counter.add(i >> 10, i & 1023)
    furthest = Math.max(furthest, Math.abs(i + 1 - counter.size))
  }
  expect(furthest).toBeLessThan(LOG_LENGTH)
  for (let i = 0; i < pairs; i++) counter.add(i >> 10, i & 1023)
  expect(counter.size).toBe(pairs)
  counter.take()
  expect(counter.size).toBe(0)
})

test('take() of an empty counter returns an empty map', () => {
  expect(createPairCounter(LOG_LENGTH).take()).toEqual(new Map())
})
