import type { IntervalSums, Intervals } from './interval-sums.js'
import type { Dispersion } from './significance.js'

/**
 * Pearson's estimate of overdispersion (McCullagh and Nelder 1989, "Generalized Linear Models", 4.5 and 6.2):
 * chi-square of the counts of intervals against those that the mean of their side predicts, per degree of freedom. At
 * least 1: a variation below that of chance does not make a difference more significant.
 */
export function disperseRates(sides: readonly Intervals[], key: string): Dispersion {
  return pearson(
    sides.map(({ lengths, groups }) => {
      const counts = new Float64Array(lengths.length)
      for (const { interval, attempts } of groups.get(key) ?? []) counts[interval]! += attempts
      const rate = sum(counts) / sum(lengths)
      return lengths.map((length, i) => squaredError(counts[i] as number, rate * length, rate * length))
    }),
  )
}

/** The same for failures among the attempts of each interval. */
export function disperseFailures(sides: readonly Intervals[], key: string): Dispersion {
  return pearson(
    sides.map(({ groups }) => {
      const intervals: readonly IntervalSums[] = groups.get(key) ?? []
      const share = sum(intervals.map(({ failed }) => failed)) / sum(intervals.map(({ attempts }) => attempts))
      return intervals.map(({ failed, attempts }) =>
        squaredError(failed, share * attempts, share * (1 - share) * attempts),
      )
    }),
  )
}

/** @param terms of chi-square, by side: the mean of each side takes one degree of freedom */
function pearson(terms: readonly (readonly number[])[]): Dispersion {
  const degrees = sum(terms.map((side) => Math.max(0, side.length - 1)))
  const chiSquare = sum(terms.flat())
  return { factor: Math.max(1, degrees > 0 ? chiSquare / degrees : 1), degrees: Math.max(1, degrees) }
}

function squaredError(count: number, expected: number, variance: number): number {
  return variance > 0 ? (count - expected) ** 2 / variance : 0
}

function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i] as number
  return total
}
