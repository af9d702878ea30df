import type { Scope } from '../scan/scope.js'
import type { EndpointPlan } from './plan-endpoint-times.js'
import type { EndpointTimes, FailedOutcome } from './read-endpoint-times.js'
import { searchStarts } from './search-starts.js'

/** When failures began, in Unix ns; `null` where their attempts are missing. */
export interface FailureTimes {
  readonly firstNs: bigint | null
  readonly lastNs: bigint | null
}

/**
 * Finds the first and the last start of failures, as a scan of all attempts would. Of the attempts in stored sums, it reads those of
 * about two windows for each failure.
 * @param times of the same plan
 * @param wanted of `times.failed`
 */
export function findFailureTimes(
  scope: Scope,
  plan: EndpointPlan,
  times: Pick<EndpointTimes, 'numbers'>,
  wanted: readonly FailedOutcome[],
): FailureTimes[] {
  const outcomes = [...new Set(wanted.map(({ outcome }) => outcome))]
  const search = { scope: { ...scope, filters: { ...scope.filters, outcomes } }, wanted }
  const [firsts, lasts] = [wanted.map(({ firstNs }) => firstNs), wanted.map(({ lastNs }) => lastNs)]
  let rangesBefore = 0
  for (const { part, ranges } of plan.parts) {
    const numberOf = times.numbers.get(part)
    if (numberOf === undefined || ranges.length === 0) continue
    const ofPart = { ...search, part, ranges, rangesBefore, numberOf }
    searchStarts({ ...ofPart, direction: 1, found: firsts })
    searchStarts({ ...ofPart, direction: -1, found: lasts })
    rangesBefore += ranges.length
  }
  return wanted.map((_, i) => ({ firstNs: firsts[i] ?? null, lastNs: lasts[i] ?? null }))
}
