import { expect, test } from 'vitest'
import { compareLatencies } from '../../../../src/analyze/queries/diff/compare-latencies.js'
import { bucketOf, encodeBuckets } from '../../../../src/sums/latency-histogram.js'
import { studentTwoSided } from '../../../../src/analyze/queries/diff/distributions.js'
import { createRandom, randomNormal } from '../../../store/random.js'

function encode(values: readonly number[]): Uint8Array {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1)
  return encodeBuckets([...counts].toSorted((a, b) => a[0] - b[0]).flat())
}

/** Mann-Whitney U from every pair of values, with the tie correction written out. */
function naive(before: readonly number[], after: readonly number[]): number {
  let u = 0
  for (const a of before)
    for (const b of after) u += bucketOf(a) > bucketOf(b) ? 1 : bucketOf(a) === bucketOf(b) ? 0.5 : 0
  const [n1, n2] = [before.length, after.length]
  const n = n1 + n2
  const ties = new Map<number, number>()
  for (const value of [...before, ...after]) ties.set(bucketOf(value), (ties.get(bucketOf(value)) ?? 0) + 1)
  const tieSum = [...ties.values()].reduce((sum, t) => sum + t ** 3 - t, 0)
  const sigma = Math.sqrt(((n1 * n2) / 12) * (n + 1 - tieSum / (n * (n - 1))))
  return studentTwoSided((u - (n1 * n2) / 2) / sigma, n - 2)
}

const logNormal = (random: () => number, median: number) => Math.round(median * Math.exp(0.5 * randomNormal(random)))
const sample = (random: () => number, count: number, median = 1e6) =>
  Array.from({ length: count }, () => logNormal(random, median))

test('with one interval per side, equals the U of every pair', () => {
  const random = createRandom(1)
  for (const factor of [1, 1.2, 3]) {
    const [before, after] = [sample(random, 60), sample(random, 90, 1e6 * factor)]
    expect(compareLatencies([[encode(before)]], [[encode(after)]])).toBeCloseTo(naive(before, after), 8)
  }
})

test('does not depend on how the values of an interval are split into histograms', () => {
  const random = createRandom(1)
  const [before, after] = [sample(random, 60), sample(random, 90)]
  const parts = [encode(before.slice(0, 20)), encode(before.slice(20))]
  expect(compareLatencies([parts], [[encode(after)]])).toBeCloseTo(naive(before, after), 8)
})

test('without a change, false alarms are as frequent as expected, also if latencies close in time are correlated', () => {
  const random = createRandom(7)
  for (const drift of [0, 0.5]) {
    const side = () =>
      Array.from({ length: 15 }, () => [encode(sample(random, 30, 1e6 * Math.exp(drift * randomNormal(random))))])
    let alarms = 0
    for (let i = 0; i < 400; i++) if (compareLatencies(side(), side()) < 0.05) alarms++
    expect(alarms / 400).toBeLessThan(0.085)
    expect(alarms / 400).toBeGreaterThan(0.015)
  }
})

test('a change is detected despite correlated latencies', () => {
  const random = createRandom(8)
  const side = (median: number) =>
    Array.from({ length: 15 }, () => [encode(sample(random, 30, median * Math.exp(0.3 * randomNormal(random))))])
  expect(compareLatencies(side(1e6), side(2e6))).toBeLessThan(0.001)
})

test.each([
  ['no values', [], []],
  ['one side without values', [[encode([5])]], []],
  ['one value per side', [[encode([5])]], [[encode([6])]]],
  ['the same value everywhere', [[encode([5, 5, 5])]], [[encode([5, 5])]]],
])('%s: no change', (_, before, after) => {
  expect(compareLatencies(before, after)).toBeGreaterThan(0.05)
})

test('ignores values that only a damaged file contains', () => {
  expect(compareLatencies([[Uint8Array.of(255, 255, 255, 255, 127, 9)]], [[encode([5, 6, 7])]])).toBe(1)
})
