import { describe, expect, test } from 'vitest'
import { createExponentialHistogram } from '../../../src/record/metrics/exponential-histogram.js'

function histogramOf(durationsNs: readonly number[]) {
  const histogram = createExponentialHistogram()
  for (const duration of durationsNs) histogram.add(duration)
  return histogram
}

/** Durations between the bounds of each bucket, as OpenTelemetry defines them: above base^i, up to base^(i + 1). */
function countBetweenBounds(durationsNs: readonly number[], scale: number, offset: number, length: number): number[] {
  const boundNs = (index: number) => 1e9 * 2 ** (index / 2 ** scale)
  return Array.from({ length }, (_, i) => {
    return durationsNs.filter((ns) => ns > boundNs(offset + i) && ns <= boundNs(offset + i + 1)).length
  })
}

describe('an exponential histogram', () => {
  test.each([
    ['one value', [50_000]],
    ['a narrow range', Array.from({ length: 500 }, (_, i) => 90_000 + i * 100)],
    ['from 10 µs to 100 s', Array.from({ length: 800 }, (_, i) => Math.round(10_000 * 10 ** (i / 114)))],
    ['falling', Array.from({ length: 800 }, (_, i) => Math.round(1e11 / 1.03 ** i) + 7)],
    ['the extremes', [1, 2 ** 52, 3, 1e9 + 1]],
  ])('counts each value in its bucket: %s', (_, values) => {
    const { scale, offset, counts } = histogramOf(values)
    expect(counts().length).toBeLessThanOrEqual(160)
    expect([...counts()]).toEqual(countBetweenBounds(values, scale, offset, counts().length))
  })

  test('is as fine as 160 buckets allow, at most 1.1% per bucket', () => {
    expect(histogramOf([1e6, 1.5e6]).scale).toBe(6)
    expect(histogramOf([1e4, 1e10]).scale).toBe(3)
  })

  test('0 has a count of its own', () => {
    const { zeroCount, counts } = histogramOf([0, 0, 5])
    expect([zeroCount, [...counts()]]).toEqual([2, [1]])
  })
})
