import { expect } from 'vitest'
import { RELATIVE_ERROR } from '../../src/sums/latency-histogram.js'

/** Expects the exact percentile, or one within the error that the footer states. */
export function expectWithin(value: unknown, exact: number | null, isExact = false): void {
  if (exact === null || isExact) return expect(value).toBe(exact)
  expect(Math.abs((value as number) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR + 0.5)
}
