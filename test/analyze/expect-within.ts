import { expect } from 'vitest'
import { RELATIVE_ERROR } from '../../src/sums/latency-histogram.js'

/** A percentile is the exact one, or off by no more than the footer says. */
export function expectWithin(value: unknown, exact: number | null, isExact = false): void {
  if (exact === null || isExact) return expect(value).toBe(exact)
  expect(Math.abs((value as number) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR + 0.5)
}
