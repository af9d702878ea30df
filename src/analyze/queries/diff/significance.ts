import { binomialCdf, logGamma, studentTwoSided } from './distributions.js'

/**
 * How much more counts vary between intervals than by chance: the variance inflation factor (1: not more), and the
 * degrees of freedom of that estimate.
 */
export interface Dispersion {
  readonly factor: number
  readonly degrees: number
}

/** Logarithm of a value that is 0 in a double. */
const SMALLEST_LOG = -745

/** Attempts of two sides, or failures among them. */
export type Pair = readonly [before: number, after: number]

/** Chi-square is not reliable if a cell has a lower expected count: Cochran (1954), Biometrics 10. */
const MIN_EXPECTED = 5

/**
 * Tests whether two rates differ: the p-value of counts over exposures. It is the larger one of two tests: the exact
 * conditional test of Poisson rates (Przyborowski and Wilenski 1940, Biometrika 31), and the quasi-Poisson analysis of
 * deviance (McCullagh and Nelder 1989, "Generalized Linear Models", 9.2), which takes bursts of connects into account.
 */
export function compareRates(counts: Pair, exposures: Pair, { factor, degrees }: Dispersion): number {
  const total = counts[0] + counts[1]
  const share = exposures[0] / (exposures[0] + exposures[1])
  if (total === 0 || !(share > 0 && share < 1)) return 1
  const lower = binomialCdf(counts[0], total, share)
  const upper = binomialCdf(counts[1], total, 1 - share)
  const exact = Math.min(1, 2 * Math.min(lower, upper))
  const term = (count: number, expected: number) => (count === 0 ? 0 : count * Math.log(count / expected))
  const deviance = 2 * (term(counts[0], total * share) + term(counts[1], total * (1 - share)))
  return Math.max(exact, studentTwoSided(Math.sqrt(Math.max(0, deviance) / factor), degrees))
}

/**
 * Tests whether two failure rates differ: Pearson's chi-square for two proportions, or Fisher's exact test if an
 * expected count is low. Both are corrected for clustered failures (Rao and Scott 1992, Biometrics 48: a factor on the
 * variance).
 */
export function compareProportions(failed: Pair, attempts: Pair, { factor, degrees }: Dispersion): number {
  const total = attempts[0] + attempts[1]
  const share = (failed[0] + failed[1]) / total
  if (attempts[0] === 0 || attempts[1] === 0 || share === 0 || share === 1) return 1
  const difference = failed[0] / attempts[0] - failed[1] / attempts[1]
  const variance = share * (1 - share) * (1 / attempts[0] + 1 / attempts[1])
  const corrected = studentTwoSided(difference / Math.sqrt(variance * factor), degrees)
  const expected = Math.min(share, 1 - share) * Math.min(attempts[0], attempts[1])
  return expected >= MIN_EXPECTED ? corrected : Math.max(corrected, fisherExact(failed, attempts))
}

/** Fisher's exact test, two-sided: sums up all tables with these margins that are at most as likely. */
export function fisherExact(failed: Pair, attempts: Pair): number {
  const all = failed[0] + failed[1]
  const logChoose = (n: number, k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
  const logOf = (k: number) => logChoose(attempts[0], k) + logChoose(attempts[1], all - k)
  const whole = logChoose(attempts[0] + attempts[1], all)
  const observed = logOf(failed[0])
  const [lowest, highest] = [Math.max(0, all - attempts[1]), Math.min(all, attempts[0])]
  const likeliest = Math.min(highest, Math.max(lowest, Math.round((all * attempts[0]) / (attempts[0] + attempts[1]))))
  // Starts at the most likely table and proceeds to both sides until likelihoods are 0 in a double: margins may be
  // millions.
  const sumFrom = (start: number, step: 1 | -1) => {
    let sum = 0
    for (let k = start; k >= lowest && k <= highest; k += step) {
      const log = logOf(k)
      if (log - whole < SMALLEST_LOG) break
      // Equal likelihoods may differ in their last digits.
      if (log <= observed + 1e-7) sum += Math.exp(log - whole)
    }
    return sum
  }
  return Math.min(1, sumFrom(likeliest, 1) + sumFrom(likeliest - 1, -1))
}

/**
 * P-values, adjusted for multiple tests: of all results with a value up to q, a share of q is expected to be noise.
 * Benjamini and Hochberg (1995), J. R. Statist. Soc. B 57.
 */
export function adjustForMany(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).toSorted((a, b) => (pValues[b] as number) - (pValues[a] as number))
  const adjusted = new Array<number>(pValues.length)
  let smallest = 1
  order.forEach((index, i) => {
    smallest = Math.min(smallest, ((pValues[index] as number) * pValues.length) / (pValues.length - i))
    adjusted[index] = smallest
  })
  return adjusted
}
