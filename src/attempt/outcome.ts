/**
 * How a connect attempt ended. The index is the code in `connect_attempt.outcome` and in the probe's
 * `enum connect_outcome`; a test compares them.
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

/** Outcomes of attempts that ended without a connection. `pending` attempts have not ended. */
export const FAILED_OUTCOMES: readonly Outcome[] = OUTCOMES.slice(1, 7)

/** Attempts by outcome, in the order of `OUTCOMES`. */
export type OutcomeCounts = Record<Outcome, number>

/** Attempts that failed. */
export function countFailed(counts: OutcomeCounts): number {
  return FAILED_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0)
}
