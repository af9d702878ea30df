import { describe, expect, test } from 'vitest'
import { createLatencyWindow, type LatencyWindow } from '../../../src/record/write/latency-window.js'
import type { LatencyRow } from '../../../src/sums/latency-sums.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { addAttempts, type AttemptFields } from './add-attempts.js'

const NOTHING = { endpoints: [], processes: [], endpointsOfProcess: new Map(), seconds: [], unixSeconds: [] }
const REFUSED = 1

describe('a window', () => {
  test('is empty at first and after take()', () => {
    const window = createLatencyWindow(0n)
    expect(window.take()).toEqual(NOTHING)
    addAttempts(window, [{ process: 2, endpoint: 3, latencyNs: 500, synRetransmits: 2, startedNs: 1000, flags: 127 }])
    window.take()
    expect(window).toMatchObject({ attempts: 0, minStartedNs: Infinity, maxStartedNs: -Infinity })
    expect(window.flagCounts).toEqual([0, 0, 0, 0, 0, 0, 0])
    expect(window.take()).toEqual(NOTHING)
  })

  test('has the number, times and flags of its attempts', () => {
    const window = createLatencyWindow(0n)
    addAttempts(window, [
      { startedNs: 50, flags: 1 },
      { startedNs: -3, flags: 2 | 16, outcome: REFUSED },
      { startedNs: 99, flags: 4 | 8 },
      { startedNs: 60, flags: 1 | 32 },
      { startedNs: 60 },
      { startedNs: 61, flags: 64 },
    ])
    expect(window).toMatchObject({ attempts: 6, minStartedNs: -3, maxStartedNs: 99 })
    expect(window.flagCounts).toEqual([2, 1, 1, 1, 1, 1, 1])
  })

  test('sums up each attempt by endpoint, process and second', () => {
    const window = createLatencyWindow(0n)
    addAttempts(window, [
      { process: 1, endpoint: 700, latencyNs: 100, startedNs: 2e9 },
      { process: 0, endpoint: 700, latencyNs: 30, startedNs: 5e9, synRetransmits: 1 },
      { process: 1, endpoint: 5, latencyNs: 99, startedNs: 5e9, outcome: REFUSED, synRetransmits: 2 },
    ])
    const { endpoints, processes, seconds, unixSeconds } = window.take()
    expect(endpoints).toEqual([row(5, 0, 1, 2, []), row(700, 2, 0, 1, [30, 100])])
    expect(processes).toEqual([row(0, 1, 0, 1, [30]), row(1, 1, 1, 2, [100])])
    expect(seconds).toEqual([row(0, 1, 0, 0, [100]), row(1, 1, 1, 3, [30])])
    expect(unixSeconds).toEqual([2, 5])
  })
})

/** A row with ascending latencies below 128 ns: each latency is the number of its bucket. */
function row(
  entry: number,
  established: number,
  refused: number,
  retransmits: number,
  latencies: number[],
): LatencyRow {
  const distances = latencies.flatMap((latencyNs, i) => [latencyNs - (latencies[i - 1] ?? 0), 1])
  return {
    entry,
    counts: [established, refused, ...OUTCOMES.slice(2).map(() => 0), retransmits],
    maxLatencyNs: latencies.at(-1) ?? null,
    buckets: latencies.length > 0 ? Uint8Array.from(distances) : null,
  }
}

describe('seconds', () => {
  const SESSION_UNIX_NS = 1_700_000_000_250_000_000n

  test.each([
    [0, 1_700_000_000],
    [749_999_999, 1_700_000_000],
    [750_000_000, 1_700_000_001],
    [60_749_999_999, 1_700_000_060],
    [-250_000_000, 1_700_000_000],
    [-250_000_001, 1_699_999_999],
    [-1_250_000_000, 1_699_999_999],
    [-1_250_000_001, 1_699_999_998],
    [9e15, 1_709_000_000],
  ])('an attempt that began %i ns after the session belongs to second %i', (startedNs, unixSecond) => {
    const window = createLatencyWindow(SESSION_UNIX_NS)
    addAttempts(window, [{ startedNs }])
    expect(window.take().unixSeconds).toEqual([unixSecond])
  })

  test('have one row each, in whatever order attempts arrive', () => {
    const window = createLatencyWindow(SESSION_UNIX_NS)
    addAttempts(
      window,
      [0, 1e9, 5, 3e9, 1e9, -1, -1e9].map((startedNs) => ({ startedNs })),
    )
    expect(attemptsBySecond(window)).toEqual([
      [1_700_000_000, 3],
      [1_700_000_001, 2],
      [1_700_000_003, 1],
      [1_699_999_999, 1],
    ])
  })

  test('are numbered again after take(), including the most recent one', () => {
    const window = createLatencyWindow(SESSION_UNIX_NS)
    addAttempts(window, [{ startedNs: 0 }, { startedNs: 1e9 }])
    window.take()
    addAttempts(window, [{ startedNs: 1e9 }, { startedNs: 0 }])
    expect(attemptsBySecond(window)).toEqual([
      [1_700_000_001, 1],
      [1_700_000_000, 1],
    ])
  })
})

/** Second and established attempts of each row. */
function attemptsBySecond(window: LatencyWindow): unknown[] {
  const { seconds, unixSeconds } = window.take()
  expect(seconds).toHaveLength(unixSeconds.length)
  return seconds.map(({ entry, counts }) => [unixSeconds[entry], counts[0]])
}

test('the endpoints of a process are distinct, and include endpoints of failed attempts', () => {
  const random = createRandom(31)
  const window = createLatencyWindow(0n)
  for (let round = 0; round < 3; round++) {
    const attempts = Array.from({ length: 2000 }, () => ({
      process: randomInteger(random, 0, 20) ** 2,
      endpoint: randomInteger(random, 0, 60) ** 2,
      outcome: randomInteger(random, 0, OUTCOMES.length - 1),
    }))
    addAttempts(window, attempts)
    const { endpointsOfProcess, processes } = window.take()
    expect(endpointsOfProcess.size).toBe(processes.length)
    for (const { entry } of processes) {
      const own = attempts.filter(({ process }) => process === entry).map(({ endpoint }) => endpoint)
      expect(ascending(endpointsOfProcess.get(entry) ?? [])).toEqual(ascending(new Set(own)))
    }
  }
})

const ascending = (numbers: Iterable<number>) => [...numbers].toSorted((a, b) => a - b)

describe('a window is full with half a million pairs, and contains all of them', () => {
  const PAIRS = 1 << 19

  test.each<[string, (i: number) => Partial<AttemptFields>]>([
    ['of endpoint and bucket', (i) => ({ endpoint: i >> 11, latencyNs: bucketDuration(i & 2047) })],
    ['of process and bucket', (i) => ({ process: i >> 11, latencyNs: bucketDuration(i & 2047) })],
    ['of second and bucket', (i) => ({ startedNs: (i >> 11) * 1e9, latencyNs: bucketDuration(i & 2047) })],
    ['of process and endpoint', (i) => ({ process: i >> 9, endpoint: i & 511, outcome: REFUSED })],
  ])('%s', (_, attemptOf) => {
    const window = createLatencyWindow(0n)
    const attempts = Array.from({ length: PAIRS }, (__, i) => attemptOf(i))
    const butLast = attempts.slice(0, -1)
    addAttempts(window, [...butLast, ...butLast])
    expect(window.isFull()).toBe(false)
    // Adds the last pair until the window has compacted its pairs and counts it.
    addAttempts(
      window,
      Array.from({ length: PAIRS }, () => attempts.at(-1)!),
    )
    expect(window.isFull()).toBe(true)
    const { endpoints, processes, seconds, endpointsOfProcess } = window.take()
    for (const rows of [endpoints, processes, seconds]) expect(countAttempts(rows)).toBe(3 * PAIRS - 2)
    const distinct = new Set(attempts.map(({ process = 0, endpoint = 0 }) => process * PAIRS + endpoint))
    expect([...endpointsOfProcess.values()].flat()).toHaveLength(distinct.size)
    expect(window.isFull()).toBe(false)
  })
})

/** Latencies with distinct buckets: 64 per power of two. */
function bucketDuration(index: number): number {
  return (64 + (index & 63)) * 2 ** (index >> 6)
}

function countAttempts(rows: readonly LatencyRow[]): number {
  return rows.reduce((sum, { counts }) => sum + (counts[0] as number) + (counts[REFUSED] as number), 0)
}
