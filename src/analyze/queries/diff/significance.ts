import { binomialCdf, logGamma, studentTwoSided } from './distributions.js'

/**
 * How much more counts vary from interval to interval than chance alone makes them: the variance inflation factor
 * (1: not at all), and the degrees of freedom of that estimate.
 */
export interface Dispersion {
  readonly factor: number
  readonly degrees: number
}

/** Logarithm of what a double takes for 0. */
const SMALLEST_LOG = -745

/** Attempts, or failures among attempts, of two sides. */
export type Pair = readonly [before: number, after: number]

/** Below this many expected in a cell chi-square is not to be trusted: Cochran (1954), Biometrics 10. */
const MIN_EXPECTED = 5

/**
 * Whether two rates differ: the p-value of counts over exposures. The exact conditional test of Poisson rates
 * (Przyborowski and Wilenski 1940, Biometrika 31), and the quasi-Poisson analysis of deviance (McCullagh and Nelder 1989,
 * "Generalized Linear Models", 9.2), which knows that connects come in bursts; the larger of the two.
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
 * Whether two failure rates differ: Pearson's chi-square for two proportions, or Fisher's exact test where few are
 * expected; corrected for failures that come together (Rao and Scott 1992, Biometrics 48: a factor on the variance).
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

/** Fisher's exact test, two-sided: all tables with these margins that are at most as likely. */
export function fisherExact(failed: Pair, attempts: Pair): number {
  const all = failed[0] + failed[1]
  const logChoose = (n: number, k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
  const logOf = (k: number) => logChoose(attempts[0], k) + logChoose(attempts[1], all - k)
  const whole = logChoose(attempts[0] + attempts[1], all)
  const observed = logOf(failed[0])
  const [lowest, highest] = [Math.max(0, all - attempts[1]), Math.min(all, attempts[0])]
  const likeliest = Math.min(highest, Math.max(lowest, Math.round((all * attempts[0]) / (attempts[0] + attempts[1]))))
  // From the likeliest table on to both sides, as far as a double holds how likely they are: margins may be millions.
  const sumFrom = (start: number, step: 1 | -1) => {
    let sum = 0
    for (let k = start; k >= lowest && k <= highest; k += step) {
      const log = logOf(k)
      if (log - whole < SMALLEST_LOG) break
      // Equal likelihoods differ in their last digits.
      if (log <= observed + 1e-7) sum += Math.exp(log - whole)
    }
    return sum
  }
  return Math.min(1, sumFrom(likeliest, 1) + sumFrom(likeliest - 1, -1))
}

/**
 * P-values adjusted for being many: among what is at most q, a share of q is expected to be noise. Benjamini and Hochberg
 * (1995), J. R. Statist. Soc. B 57.
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
