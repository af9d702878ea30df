import { expect, test } from 'vitest'
import { createSegmentIndex } from '../../../src/analyze/scan/segment-index.js'
import { createRandom, randomInteger } from '../../store/random.js'

test('finds the first segment that ends after a time, regardless of earlier searches', () => {
  const random = createRandom(1)
  for (const count of [1, 2, 3, 50]) {
    const ends = Array.from({ length: count }, () => randomInteger(random, 0, 100)).toSorted((a, b) => a - b)
    const segments = [...new Set(ends)].map((toNs) => ({ toNs }))
    const indexOf = createSegmentIndex(segments)
    for (let i = 0; i < 1000; i++) {
      const startedNs = randomInteger(random, -10, 110)
      const first = segments.findIndex(({ toNs }) => startedNs < toNs)
      expect(indexOf(startedNs)).toBe(first === -1 ? segments.length - 1 : first)
    }
  }
})

test('returns the first index for one segment and for none', () => {
  for (const segments of [[], [{ toNs: Infinity }], [{ toNs: 5 }]]) {
    const indexOf = createSegmentIndex(segments)
    expect([-Infinity, 0, 7, Infinity, NaN].map(indexOf)).toEqual([0, 0, 0, 0, 0])
  }
})
