import { describe, expect, test } from 'vitest'
import { bucketOf } from '../../src/sums/latency-histogram.js'
import { createLatencySums } from '../../src/sums/latency-sums.js'
import { mergeSums } from '../../src/sums/merge-sums.js'
import { encodeSums } from '../../src/sums/sums-blob.js'
import { createRandom, randomInteger } from '../store/random.js'

interface Attempt {
  readonly entry: number
  readonly outcome: number
  readonly retransmits: number
  readonly latencyNs: number
  readonly endpoint: number
}

function attemptsOf(random: () => number, count: number, entries: number): Attempt[] {
  return Array.from({ length: count }, () => ({
    entry: randomInteger(random, 0, entries - 1),
    outcome: random() < 0.7 ? 0 : randomInteger(random, 1, 7),
    retransmits: randomInteger(random, 0, 2),
    latencyNs: Math.floor(2 ** (random() * 40)),
    endpoint: randomInteger(random, 1, 4000),
  }))
}

/** The sums of all these attempts as one blob; entry n has the id 10 * n. */
function sumsOf(attempts: readonly Attempt[], hasMembers: boolean): Uint8Array {
  const sums = createLatencySums(1024)
  const endpoints = new Map<number, Set<number>>()
  for (const { entry, outcome, retransmits, latencyNs, endpoint } of attempts) {
    sums.add(entry, outcome, retransmits, latencyNs, outcome === 0 ? bucketOf(latencyNs) : -1)
    endpoints.set(entry, (endpoints.get(entry) ?? new Set()).add(endpoint))
  }
  const ids = Array.from({ length: 1000 }, (_, entry) => 10 * entry)
  return encodeSums(sums.take(), ids, hasMembers ? (entry) => [...(endpoints.get(entry) ?? [])] : undefined)
}

describe('merged sums of parts equal the sums of the whole', () => {
  test.each([
    ['endpoints of a few processes, dense', 3, true],
    ['endpoints of many processes, sparse', 900, true],
    ['without endpoints', 40, false],
  ])('%s', (_, entries, hasMembers) => {
    const random = createRandom(11)
    const parts = Array.from({ length: 16 }, () => attemptsOf(random, randomInteger(random, 0, 900), entries))
    const merged = mergeSums(parts.map((part) => sumsOf(part, hasMembers)))
    expect(Buffer.from(merged).equals(sumsOf(parts.flat(), hasMembers))).toBe(true)
  })
})

test('a single blob does not change, and no blobs give an empty one', () => {
  const blob = sumsOf(attemptsOf(createRandom(3), 100, 10), true)
  expect(Buffer.from(mergeSums([blob])).equals(blob)).toBe(true)
  expect(mergeSums([])).toHaveLength(0)
  expect(mergeSums([new Uint8Array(0), new Uint8Array(0)])).toHaveLength(0)
})
