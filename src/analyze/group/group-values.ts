import { FAILED_OUTCOMES, OUTCOMES } from '../../attempt/outcome.js'
import type { GroupSums } from './accumulator.js'

/** By outcome code: whether an attempt failed. */
export const IS_FAILED: readonly boolean[] = OUTCOMES.map((outcome) => FAILED_OUTCOMES.includes(outcome))

/** All attempts of a group, including pending ones. */
export function attemptsOf({ counts }: GroupSums): number {
  let sum = 0
  for (let outcome = 0; outcome < OUTCOMES.length; outcome++) sum += counts[outcome] as number
  return sum
}

/** Orders groups by attempts, descending. */
export function compareAttempts(a: GroupSums, b: GroupSums): number {
  return attemptsOf(b) - attemptsOf(a)
}

/** Attempts that ended without a connection. */
export function failedOf({ counts }: GroupSums): number {
  return IS_FAILED.reduce((sum, isFailed, outcome) => (isFailed ? sum + (counts[outcome] as number) : sum), 0)
}

/** SYN retransmits of all attempts of a group. */
export function synRetransmitsOf({ counts }: GroupSums): number {
  return counts[OUTCOMES.length] as number
}

/** `part` of `whole` in percent, 0 if `whole` is 0. Rounds once: 39,857 of 1,000,000 is 3.9857. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole
}
