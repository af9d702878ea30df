import { FAILED_OUTCOMES, OUTCOMES } from '../../attempt/outcome.js'

const IS_FAILED = Uint8Array.from(OUTCOMES, (outcome) => (FAILED_OUTCOMES.includes(outcome) ? 1 : 0))

/** Whether an outcome, by its index in `OUTCOMES`, is a failure. */
export function isFailed(outcome: number): boolean {
  return IS_FAILED[outcome] === 1
}
