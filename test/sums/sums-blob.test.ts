import { expect, test } from 'vitest'
import type { LatencyRow } from '../../src/sums/latency-sums.js'
import { encodeSums, forEachSums, type StoredSums } from '../../src/sums/sums-blob.js'
import { decodeIds } from '../store/decode-blobs.js'
import { createRandom, randomInteger } from '../store/random.js'

function decode(blob: Uint8Array): StoredSums[] {
  const all: StoredSums[] = []
  forEachSums(blob, (sums) => all.push({ ...sums, counts: Float64Array.from(sums.counts) }))
  return all
}

function randomRow(random: () => number, entry: number): LatencyRow {
  const counts = Array.from({ length: 9 }, () => (random() < 0.5 ? 0 : randomInteger(random, 1, 2 ** 40)))
  const hasLatencies = random() < 0.7
  return {
    entry,
    counts,
    maxLatencyNs: hasLatencies ? randomInteger(random, 0, 2 ** 52) : null,
    buckets: hasLatencies ? Uint8Array.from({ length: randomInteger(random, 0, 300) }, () => 256 * random()) : null,
  }
}

test('decoded sums equal the encoded ones, by ascending id', () => {
  const random = createRandom(5)
  const ids = [70, 3, 1_700_000_000, 4, 9]
  const rows = ids.map((_, entry) => randomRow(random, entry))
  const found = decode(encodeSums(rows, ids))
  expect(found.map((sums) => sums.id)).toEqual([3, 4, 9, 70, 1_700_000_000])
  for (const sums of found) {
    const row = rows[ids.indexOf(sums.id)]!
    expect([Array.from(sums.counts), sums.maxLatencyNs, sums.buckets && [...sums.buckets], sums.endpointIds]).toEqual([
      row.counts,
      row.maxLatencyNs,
      row.buckets && [...row.buckets],
      null,
    ])
  }
})

test('endpoints of a process are kept, including an empty list', () => {
  const rows = [0, 1].map((entry) => ({
    entry,
    counts: [1, 0, 0, 0, 0, 0, 0, 0, 0],
    maxLatencyNs: null,
    buckets: null,
  }))
  const members = (entry: number) => (entry === 0 ? [300, 2] : [])
  const found = decode(encodeSums(rows, [5, 6], members))
  expect(found.map((sums) => decodeIds(sums.endpointIds!))).toEqual([[2, 300], []])
})

test('no sums give an empty blob', () => {
  expect(decode(encodeSums([], []))).toEqual([])
})

test('decoding random bytes ends, with at most one sum per byte', () => {
  const random = createRandom(8)
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from({ length: randomInteger(random, 0, 200) }, () => 256 * random())
    expect(decode(bytes).length).toBeLessThanOrEqual(bytes.length)
  }
})
