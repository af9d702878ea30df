import { describe, expect, test } from 'vitest'
import {
  binomialCdf,
  incompleteBeta,
  logGamma,
  studentTwoSided,
} from '../../../../src/analyze/queries/diff/distributions.js'
import {
  adjustForMany,
  compareProportions,
  compareRates,
  fisherExact,
  type Pair,
} from '../../../../src/analyze/queries/diff/significance.js'
import { createRandom, randomNormal } from '../../../store/random.js'
import { countCalls } from '../../../support/count-work.js'

const NO_DISPERSION = { factor: 1, degrees: 1e6 }

/** Binomial probability by multiplication. */
function choose(n: number, k: number): number {
  let product = 1
  for (let i = 1; i <= k; i++) product *= (n - k + i) / i
  return product
}

describe('distributions', () => {
  test('logGamma is the logarithm of a factorial', () => {
    let factorial = 1
    for (let n = 1; n < 100; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 9)
      factorial *= n
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12)
  })

  test.each([5, 40, 300])('binomialCdf is the sum of its terms, of %i', (n) => {
    for (const probability of [0.02, 0.5, 0.9]) {
      let sum = 0
      for (let k = 0; k < n; k++) {
        sum += choose(n, k) * probability ** k * (1 - probability) ** (n - k)
        expect(binomialCdf(k, n, probability)).toBeCloseTo(sum, 9)
      }
    }
  })

  // Quantiles from printed tables.
  test.each([
    [12.7062, 1, 0.05],
    [2.2281, 10, 0.05],
    [3.1693, 10, 0.01],
    [1.96, 1e7, 0.05],
    [0, 5, 1],
  ])('Student: |t| of %d with %d degrees has %d', (t, df, p) => {
    expect(studentTwoSided(t, df)).toBeCloseTo(p, 4)
    expect(studentTwoSided(-t, df)).toBeCloseTo(p, 4)
  })

  test('the incomplete beta function is symmetric and never out of 0 to 1', () => {
    for (const [a, b] of [
      [0.5, 0.5],
      [1e6, 0.5],
      [3, 1e5],
      [2e6, 2e6],
    ] as const) {
      for (const x of [0, 1e-9, 0.3, 0.5, 0.99, 1]) {
        const value = incompleteBeta(x, a, b)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
        expect(value + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 8)
      }
    }
  })
})

describe("Fisher's exact test", () => {
  test('visits only tables with a relevant probability, however large the margins', () => {
    const logarithms = countCalls(Math, 'log')
    expect(fisherExact([4, 3_999_996], [1e6, 1e12])).toBeGreaterThan(0.5)
    expect(fisherExact([900_000, 3_100_000], [1e6, 1e12])).toBe(0)
    expect(fisherExact([2 ** 40 - 3, 2 ** 40], [2 ** 40, 2 ** 40])).toBeCloseTo(0.25, 3)
    expect(logarithms()).toBeLessThan(1_000_000)
  })

  test('gives the known result for the lady tasting tea', () => {
    expect(fisherExact([3, 1], [4, 4])).toBeCloseTo(34 / 70, 9)
    expect(fisherExact([4, 0], [4, 4])).toBeCloseTo(2 / 70, 9)
  })

  test('is the sum of all tables that are at most as likely', () => {
    const random = createRandom(2)
    for (let i = 0; i < 200; i++) {
      const attempts: Pair = [1 + Math.floor(random() * 15), 1 + Math.floor(random() * 15)]
      const failed: Pair = [Math.floor(random() * (attempts[0] + 1)), Math.floor(random() * (attempts[1] + 1))]
      const all = failed[0] + failed[1]
      const likelihood = (k: number) =>
        k > attempts[0] || all - k > attempts[1] ? 0 : choose(attempts[0], k) * choose(attempts[1], all - k)
      let [sum, whole] = [0, 0]
      for (let k = 0; k <= all; k++) {
        whole += likelihood(k)
        if (likelihood(k) <= likelihood(failed[0]) * (1 + 1e-9)) sum += likelihood(k)
      }
      expect(fisherExact(failed, attempts)).toBeCloseTo(sum / whole, 9)
    }
  })
})

/** Share of tests without a change whose p-value is below 0.05. */
function falseAlarms(runs: number, pValue: () => number): number {
  let alarms = 0
  for (let i = 0; i < runs; i++) if (pValue() < 0.05) alarms++
  return alarms / runs
}

function poisson(random: () => number, mean: number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * randomNormal(random)))
  let count = -1
  for (let product = 1; product > Math.exp(-mean); product *= random()) count++
  return count
}

describe('without a change, false alarms are as frequent as expected', () => {
  test.each([2, 20, 1000])('of rates with about %i attempts', (mean) => {
    const random = createRandom(3)
    const alarms = falseAlarms(2000, () =>
      compareRates([poisson(random, mean), poisson(random, 2 * mean)], [1, 2], NO_DISPERSION),
    )
    expect(alarms).toBeLessThan(0.065)
    if (mean >= 20) expect(alarms).toBeGreaterThan(0.02)
  })

  test.each([0.01, 0.2])('of failures, a share of %d of 500', (share) => {
    const random = createRandom(4)
    const failures = () => Array.from({ length: 500 }, random).filter((value) => value < share).length
    const alarms = falseAlarms(2000, () => compareProportions([failures(), failures()], [500, 500], NO_DISPERSION))
    expect(alarms).toBeLessThan(0.065)
    if (share > 0.1) expect(alarms).toBeGreaterThan(0.03)
  })
})

describe('compareRates and compareProportions', () => {
  test('detect a rate that doubles, begins or ends', () => {
    expect(compareRates([100, 200], [1, 1], NO_DISPERSION)).toBeLessThan(1e-6)
    expect(compareRates([0, 20], [1, 1], NO_DISPERSION)).toBeLessThan(1e-4)
    expect(compareRates([20, 0], [1, 1], NO_DISPERSION)).toBeLessThan(1e-4)
  })

  test('ignore a longer recording', () => {
    expect(compareRates([100, 200], [1, 2], NO_DISPERSION)).toBeGreaterThan(0.9)
  })

  test('detect no change if counts vary as much within a side', () => {
    expect(compareRates([100, 200], [1, 1], { factor: 30, degrees: 38 })).toBeGreaterThan(0.05)
    expect(compareProportions([10, 40], [500, 500], { factor: 1, degrees: 38 })).toBeLessThan(0.001)
    expect(compareProportions([10, 40], [500, 500], { factor: 10, degrees: 38 })).toBeGreaterThan(0.05)
  })

  test.each([
    [0, 0],
    [1, 0],
    [0, 5],
    [1e9, 1e9],
    [1, 1e12],
  ])('return a probability for %d and %d', (a, b) => {
    for (const p of [
      compareRates([a, b], [1, 3], NO_DISPERSION),
      compareProportions([0, Math.min(b, 3)], [a, b], NO_DISPERSION),
    ]) {
      expect(p).toBeGreaterThanOrEqual(0)
      expect(p).toBeLessThanOrEqual(1)
    }
  })
})

test('Benjamini and Hochberg: the example of their article has four discoveries', () => {
  // Table of section 4.2: 15 ordered p-values, q* = 0.05.
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ]
  const adjusted = adjustForMany(p)
  expect(adjusted.filter((q) => q <= 0.05)).toHaveLength(4)
  expect(adjustForMany(p.toReversed())).toEqual(adjusted.toReversed())
  expect(adjusted.toSorted((a, b) => a - b)).toEqual(adjusted)
  expect(adjustForMany([])).toEqual([])
})
