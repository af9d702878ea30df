import { FAILED_OUTCOMES, OUTCOMES, type Outcome } from '../../../attempt/outcome.js'
import type { Value } from '../../result/result.js'
import type { Dimension } from '../../group/dimension.js'
import { createKeyNumbers } from '../../group/intern-keys.js'
import { createPairNumbers } from '../../group/intern-pairs.js'
import { AT, type AttemptRow } from '../../scan/attempt-columns.js'
import { scanScope } from '../../scan/scan-rows.js'
import type { Scope } from '../../scan/scope.js'
import { createFailureSpans, widenTimes } from './failure-spans.js'
import { createActors, type Actors } from './top-callers.js'

/** Failed attempts with the same endpoint, outcome and errno. */
export interface FailureCause {
  /** Key in the dimension of endpoints */
  readonly key: readonly Value[]
  readonly outcome: Outcome
  /** `null` without an errno */
  readonly errno: number | null
  readonly attempts: number
  /** Unix ns of the first and the last start */
  readonly firstNs: bigint
  readonly lastNs: bigint
  /** The callers of these attempts, found on demand. */
  readonly actors: () => Actors
}

interface Tally {
  readonly outcome: Outcome
  readonly errno: number | null
  readonly endpoint: number
  attempts: number
  firstNs: bigint | null
  lastNs: bigint | null
}

/**
 * Sums up the failed attempts of a scope by endpoint, outcome and errno, in no order.
 * @param dimension of endpoints
 */
export function collectFailures(scope: Scope, dimension: Dimension): FailureCause[] {
  const outcomes = failedOutcomes(scope)
  if (outcomes.length === 0) return []
  const failed = { ...scope, filters: { ...scope.filters, outcomes } }
  const endpoints = createKeyNumbers(dimension)
  const actors = createActors()
  const tallies: Tally[] = []
  const tallyOf = createTallies(tallies)
  scanScope(failed, ['outcome', 'errno', 'endpoint_id', 'process_id', 'started_ns'], (part) => {
    const [endpointOf, note, spans] = [endpoints.of(part), actors.of(part), createFailureSpans(part)]
    return {
      take(row) {
        const number = tallyOf(row, endpointOf(row[AT.endpoint_id] as number))
        tallies[number]!.attempts++
        note(number, row[AT.process_id] as number)
        spans.note(number, row[AT.started_ns] as number)
      },
      finish: () => spans.forEach((number, firstNs, lastNs) => widenTimes(tallies[number] as Tally, firstNs, lastNs)),
    }
  })
  const actorsOf = actors.take()
  return tallies.map(({ outcome, errno, endpoint, attempts, firstNs, lastNs }, number) => ({
    key: endpoints.keyOf(endpoint),
    outcome,
    errno,
    attempts,
    firstNs: firstNs as bigint,
    lastNs: lastNs as bigint,
    actors: () => actorsOf(number),
  }))
}

/** The selected outcomes that are failures; `pending` is not one yet. */
function failedOutcomes({ filters }: Scope): Outcome[] {
  return FAILED_OUTCOMES.filter((outcome) => filters.outcomes.length === 0 || filters.outcomes.includes(outcome))
}

/** The number of the tally that an attempt belongs to. Adds a new tally to `tallies` if necessary. */
function createTallies(tallies: Tally[]): (row: AttemptRow, endpoint: number) => number {
  const causes = new Map<number, number>()
  const numbers = createPairNumbers()
  return (row, endpoint) => {
    const [outcome, errno] = [(row[AT.outcome] as number) & 7, row[AT.errno] as number]
    // An outcome takes three bits. Attempts without an errno have a key that is not an integer.
    const key = Number.isNaN(errno) ? -0.5 - outcome : errno * 8 + outcome
    let cause = causes.get(key)
    if (cause === undefined) causes.set(key, (cause = causes.size))
    const number = numbers.numberOf(endpoint, cause)
    tallies[number] ??= {
      outcome: OUTCOMES[outcome] as Outcome,
      errno: Number.isNaN(errno) ? null : errno,
      endpoint,
      attempts: 0,
      firstNs: null,
      lastNs: null,
    }
    return number
  }
}
