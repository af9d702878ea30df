import { describe, expect, test } from 'vitest'
import { createLatencyWindow, type EndpointLatency } from '../../../src/record/write/latency-window.js'
import { bucketOf } from '../../../src/store/latency-histogram.js'
import { OUTCOMES } from '../../../src/store/outcome.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { decodeBuckets } from './endpoint-sums.js'

interface Sums {
  counts: number[]
  maxLatencyNs: number | null
  buckets: Map<number, number>
}

/** The same sums by plain Maps. */
function createReference() {
  const byEntry = new Map<number, Sums>()
  return {
    byEntry,
    add(entry: number, outcome: number, latencyNs: number, synRetransmits: number) {
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

/** A row of the window in the form of the reference. */
function toSums(row: EndpointLatency): [number, Sums] {
  const buckets = row.buckets ? decodeBuckets(row.buckets) : new Map<number, number>()
  return [row.entry, { counts: [...row.counts], maxLatencyNs: row.maxLatencyNs, buckets }]
}

test.each([
  ['one endpoint', 0],
  ['some', 40],
  ['thousands', 9000],
])('sums are those of plain Maps, window after window: %s', (_, maxEntry) => {
  const random = createRandom(maxEntry)
  const window = createLatencyWindow()
  for (let round = 0; round < 3; round++) {
    const reference = createReference()
    for (let i = 0; i < 5000; i++) {
      const entry = randomInteger(random, 0, maxEntry)
      const outcome = random() < 0.6 ? 0 : randomInteger(random, 0, OUTCOMES.length - 1)
      const latencyNs = Math.floor(2 ** (random() * 53))
      const synRetransmits = random() < 0.1 ? randomInteger(random, 1, 255) : 0
      window.add(entry, outcome, latencyNs, synRetransmits, i)
      reference.add(entry, outcome, latencyNs, synRetransmits)
    }
    expect(new Map(window.take().map(toSums))).toEqual(reference.byEntry)
  }
})

describe('a window', () => {
  test('is empty at first, and after it was taken', () => {
    const window = createLatencyWindow()
    window.add(3, 0, 500, 2, 1000)
    window.addFlags(31)
    window.take()
    expect(window.take()).toEqual([])
    expect(window).toMatchObject({ attempts: 0, minStartedNs: Infinity, maxStartedNs: -Infinity })
    expect(window.flagCounts).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('knows its attempts, its time range and its flags', () => {
    const window = createLatencyWindow()
    for (const startedNs of [50, -3, 99]) window.add(0, 1, 0, 0, startedNs)
    for (const flags of [1, 2 | 16, 4 | 8, 1]) window.addFlags(flags)
    expect(window).toMatchObject({ attempts: 3, minStartedNs: -3, maxStartedNs: 99 })
    expect(window.flagCounts).toEqual([2, 1, 1, 1, 1, 0])
  })

  test('lists endpoints by their number, those without an established attempt without latencies', () => {
    const window = createLatencyWindow()
    window.add(700, 1, 123, 0, 0)
    window.add(2, 0, 0, 0, 0)
    expect(window.take().map((row) => [row.entry, row.maxLatencyNs, row.buckets])).toEqual([
      [2, 0, Uint8Array.of(0, 1)],
      [700, null, null],
    ])
  })

  test('is full at half a million pairs of endpoint and bucket, and then holds them all', () => {
    const window = createLatencyWindow()
    const pairs = 1 << 19
    for (let i = 0; i < pairs - 1; i++) window.add(i >> 11, 0, bucketDuration(i & 2047), 0, 0)
    expect(window.isFull()).toBe(false)
    window.add(pairs >> 11, 0, 1, 0, 0)
    window.add(pairs >> 11, 0, 1, 0, 0)
    expect(window.isFull()).toBe(true)
    const rows = window.take()
    expect(rows.reduce((sum, row) => sum + (row.counts[0] as number), 0)).toBe(pairs + 1)
    expect(rows).toHaveLength(257)
    expect(window.isFull()).toBe(false)
  })

  test('holds the last endpoint that the dictionaries may number', () => {
    const window = createLatencyWindow()
    const entry = 65_536 + 16_384
    window.add(entry, 0, 1e15, 0, 0)
    window.add(entry - 1, 0, 1e15, 0, 0)
    expect(window.take().map((row) => row.entry)).toEqual([entry - 1, entry])
  })
})

/** A duration of its own bucket each: 64 to a power of two. */
function bucketDuration(index: number): number {
  return (64 + (index & 63)) * 2 ** (index >> 6)
}
