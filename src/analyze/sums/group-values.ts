import { FAILED_OUTCOMES, OUTCOMES } from '../../store/outcome.js'
import type { GroupSums } from './accumulator.js'

const FAILED = FAILED_OUTCOMES.map((outcome) => OUTCOMES.indexOf(outcome))

/** All attempts of a group, pending ones too. */
export function attemptsOf({ counts }: GroupSums): number {
  let sum = 0
  for (let outcome = 0; outcome < OUTCOMES.length; outcome++) sum += counts[outcome] as number
  return sum
}

/** Attempts that ended without a connection. */
export function failedOf({ counts }: GroupSums): number {
  return FAILED.reduce((sum, outcome) => sum + (counts[outcome] as number), 0)
}

/** SYN retransmits of all attempts of a group. */
export function synRetransmitsOf({ counts }: GroupSums): number {
  return counts[OUTCOMES.length] as number
}

/** `part` of `whole` in percent, 0 of nothing. One rounding only: 39,857 of 1,000,000 are 3.9857. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole
}
