import { describe, expect, test } from 'vitest'
import { bucketOf } from '../../src/sums/latency-histogram.js'
import { createLatencySums, type LatencyRow } from '../../src/sums/latency-sums.js'
import { OUTCOMES } from '../../src/attempt/outcome.js'
import { decodeBuckets } from '../store/decode-blobs.js'
import { createRandom, randomInteger } from '../store/random.js'

interface Sums {
  counts: number[]
  maxLatencyNs: number | null
  buckets: Map<number, number>
}

/** A reference implementation with Maps. */
function createReference() {
  const byEntry = new Map<number, Sums>()
  return {
    byEntry,
    add(entry: number, outcome: number, synRetransmits: number, latencyNs: number) {
      const sums = byEntry.get(entry) ?? {
        counts: new Array<number>(9).fill(0),
        maxLatencyNs: null,
        buckets: new Map(),
      }
      byEntry.set(entry, sums)
      sums.counts[outcome]!++
      sums.counts[8]! += synRetransmits
      if (outcome !== 0) return
      sums.maxLatencyNs = Math.max(sums.maxLatencyNs ?? 0, latencyNs)
      sums.buckets.set(bucketOf(latencyNs), (sums.buckets.get(bucketOf(latencyNs)) ?? 0) + 1)
    },
  }
}

/** A row in the form of the reference. */
function toSums(row: LatencyRow): [number, Sums] {
  const buckets = row.buckets ? decodeBuckets(row.buckets) : new Map<number, number>()
  return [row.entry, { counts: [...row.counts], maxLatencyNs: row.maxLatencyNs, buckets }]
}

test.each([
  ['one entry', 0],
  ['some entries', 40],
  ['thousands of entries', 9000],
])('sums equal those of the reference, in several rounds: %s', (_, maxEntry) => {
  const random = createRandom(maxEntry)
  const sums = createLatencySums(1000)
  for (let round = 0; round < 3; round++) {
    const reference = createReference()
    for (let i = 0; i < 5000; i++) {
      const entry = randomInteger(random, 0, maxEntry)
      const outcome = random() < 0.6 ? 0 : randomInteger(random, 0, OUTCOMES.length - 1)
      const latencyNs = Math.floor(2 ** (random() * 53))
      const synRetransmits = random() < 0.1 ? randomInteger(random, 1, 255) : 0
      sums.add(entry, outcome, synRetransmits, latencyNs, outcome === 0 ? bucketOf(latencyNs) : -1)
      reference.add(entry, outcome, synRetransmits, latencyNs)
    }
    expect(new Map(sums.take().map(toSums))).toEqual(reference.byEntry)
  }
})

describe('rows of sums', () => {
  test('are sorted by entry; entries without an established attempt have no latencies', () => {
    const sums = createLatencySums(1000)
    sums.add(700, 1, 0, 123, -1)
    sums.add(2, 0, 0, 0, 0)
    expect(sums.take().map((row) => [row.entry, row.maxLatencyNs, row.buckets])).toEqual([
      [2, 0, Uint8Array.of(0, 1)],
      [700, null, null],
    ])
  })

  test('exist up to the last entry that the dictionaries may use', () => {
    const sums = createLatencySums(1000)
    const entry = 65_536 + 16_384
    sums.add(entry, 0, 0, 1e15, bucketOf(1e15))
    sums.add(entry - 1, 0, 0, 1e15, bucketOf(1e15))
    expect(sums.take().map((row) => row.entry)).toEqual([entry - 1, entry])
  })

  test('are none at first and after take()', () => {
    const sums = createLatencySums(1000)
    expect(sums.take()).toEqual([])
    sums.add(3, 0, 2, 500, bucketOf(500))
    sums.take()
    expect(sums.pairCount).toBe(0)
    expect(sums.take()).toEqual([])
  })
})

test('pairs of entry and bucket are counted once, and only for established attempts', () => {
  const sums = createLatencySums(1000)
  const pairs = 2 ** 19
  for (let i = 0; i < pairs; i++) sums.add(i >> 11, 1, 0, 1, -1)
  expect(sums.pairCount).toBe(0)
  for (let i = 0; i < 2 * pairs; i++) sums.add((i % pairs) >> 11, 0, 0, 1, i & 2047)
  expect(sums.pairCount).toBe(pairs)
  sums.take()
  expect(sums.pairCount).toBe(0)
})

test.each([true, false])('addAll gives the same sums as single additions, with latencies: %s', (counts) => {
  const random = createRandom(5)
  const count = 3000
  const entries = Int32Array.from({ length: count }, () => randomInteger(random, 0, 700))
  const outcomes = Float64Array.from({ length: count }, () => randomInteger(random, 0, OUTCOMES.length - 1))
  const synRetransmits = Float64Array.from({ length: count }, (_, i) =>
    i % 7 === 0 ? NaN : randomInteger(random, 0, 3),
  )
  const latencies = Float64Array.from({ length: count }, (_, i) => [-1, NaN, 2 ** 33, i * 1000][i % 4]!)
  const [one, many] = [createLatencySums(1000), createLatencySums(1000)]
  for (let i = 0; i < count; i++) {
    const latencyNs = latencies[i]!
    const bucket = counts && latencyNs >= 0 ? bucketOf(latencyNs) : -1
    one.add(entries[i]!, outcomes[i]!, synRetransmits[i]! | 0, latencyNs, bucket)
  }
  many.addAll({ count, entries, outcomes, synRetransmits, latencies }, counts)
  expect(many.take()).toEqual(one.take())
})
