/** Maximum number of terms of a continued fraction or a sum: more terms do not change a double. */
const MAX_TERMS = 10_000
const EPSILON = 1e-14
const TINY = 1e-300
/** Lanczos coefficients for g = 7, n = 9: Godfrey (2001), "A note on the computation of the convergent Lanczos series". */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  const base = x + 6.5
  const series = LANCZOS.slice(1).reduce((sum, coefficient, i) => sum + coefficient / (x + i), LANCZOS[0] as number)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(series)
}

/** Two-sided probability of |T| >= |t| under Student's t: I_(df/(df+t²))(df/2, 1/2), DLMF 8.17. */
export function studentTwoSided(t: number, df: number): number {
  return incompleteBeta(df / (df + t * t), df / 2, 0.5)
}

/** P(X <= successes) of a binomial distribution; counts may be fractions after a correction for overdispersion. */
export function binomialCdf(successes: number, trials: number, probability: number): number {
  if (successes >= trials) return 1
  return incompleteBeta(1 - probability, trials - successes, successes + 1)
}

/** The regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, modified Lentz). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges fast on one side of the mean; the other side follows by symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)
  return Math.min(1, (Math.exp(logFront) / a) * betaFraction(x, a, b))
}

function betaFraction(x: number, a: number, b: number): number {
  const awayFromZero = (value: number) => (Math.abs(value) < TINY ? TINY : value)
  let numerator = 1
  let denominator = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1))
  let value = denominator
  for (let m = 1; m < MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let factor = 1
    for (const term of [even, odd]) {
      denominator = 1 / awayFromZero(1 + term * denominator)
      numerator = awayFromZero(1 + term / numerator)
      factor = numerator * denominator
      value *= factor
    }
    if (Math.abs(factor - 1) < EPSILON) break
  }
  return value
}
