/**
 * How a connect attempt ended. The position is the code in `connect_attempt.outcome` and in the probe's
 * `enum connect_outcome` (a test holds the two together).
 */
export const OUTCOMES = [
  'established',
  'refused',
  'timed_out',
  'unreachable',
  'reset',
  'cancelled',
  'local_error',
  'pending',
] as const

export type Outcome = (typeof OUTCOMES)[number]

/** The outcomes of an attempt that ended without a connection. `pending` has not ended. */
export const FAILED_OUTCOMES: readonly Outcome[] = OUTCOMES.slice(1, 7)

/** Attempts by outcome, in the order of `OUTCOMES`. */
export type OutcomeCounts = Record<Outcome, number>

/** Attempts that failed. */
export function countFailed(counts: OutcomeCounts): number {
  return FAILED_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0)
}
