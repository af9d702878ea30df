import { formatCount, formatPlural } from '../../text/format-number.js'
import { DIMENSIONS } from '../group/dimensions.js'
import { keyColumns } from '../group/group-columns.js'
import { rankRows } from '../query/rank-rows.js'
import { collectFailures, type FailureCause } from '../queries/failures/failure-causes.js'
import { FAILURE_COLUMNS, type FailureRow } from '../queries/failures/failures.js'
import type { Result } from '../result/result.js'
import type { Scope } from '../scan/scope.js'
import { findFailureTimes, type FailureTimes } from './find-failure-times.js'
import type { NarrowScope } from './narrow-scope.js'
import type { EndpointPlan } from './plan-endpoint-times.js'
import type { EndpointTimes, FailedOutcome } from './read-endpoint-times.js'

/** Who made attempts of which none was read. */
const NOBODY = { comm: '-', user: '-', processes: 0 }

/** What the failures of a scope are made of. */
export interface FailureSource {
  readonly scope: Scope
  readonly plan: EndpointPlan
  readonly times: EndpointTimes
  /** Attempts whose errno and callers are read */
  readonly read: NarrowScope
}

/**
 * Failures of a scope that is too large to read: counts from stored sums, the first and the last start from the attempts around
 * them, errno and who made the attempts from those of its attempts that were read.
 */
export function readFailures({ scope, plan, times, read }: FailureSource, limit: number): Result {
  const causes = mostFrequent(collectFailures(read.scope, DIMENSIONS.endpoint))
  const columns = [
    ...keyColumns<FailureRow>(DIMENSIONS.endpoint, ({ key }) => key),
    ...FAILURE_COLUMNS.filter(({ name }) => name !== 'processes'),
  ]
  const prepare = (shown: readonly FailedOutcome[]) => {
    const found = findFailureTimes(scope, plan, times, shown)
    const timesOf = new Map(shown.map((one, i) => [one, found[i] as FailureTimes]))
    return (one: FailedOutcome): FailureRow => {
      const { key, outcome, attempts } = one
      const cause = causes.get(causeKey(key, outcome))
      const actors = cause?.actors ?? (() => NOBODY)
      const row = { key, outcome, attempts, errno: cause?.errno ?? null, actors }
      return { ...row, ...(timesOf.get(one) as FailureTimes), ...actors() }
    }
  }
  const ranked = rankRows(
    {
      columns,
      items: times.failed,
      compare: (a, b) => b.attempts - a.attempts,
      keyOf: ({ key, outcome }) => [...key, outcome],
      prepare,
    },
    { sort: null, limit },
  )
  const timesAt = columns.flatMap(({ kind }, at) => (kind === 'time' ? at : []))
  const missing = ranked.rows.filter((row) => timesAt.some((at) => row[at] === null)).length
  const notes = [
    ...(missing === 0 ? [] : [describeMissing(missing)]),
    `ATTEMPTS, FIRST SEEN and LAST SEEN are exact; ERRNO, COMM and USER are the most frequent of ${formatCount(read.attempts)} attempts that were read, all over the time`,
  ]
  return { ...ranked, notes, whenEmpty: 'no attempt failed' }
}

function describeMissing(failures: number): string {
  const [has, them] = failures === 1 ? ['has', 'it'] : ['have', 'them']
  return `${formatPlural(failures, 'failure')} ${has} no first or last time: attempts of ${them} are missing`
}

/** By endpoint and outcome, the errno with the most attempts. */
function mostFrequent(causes: readonly FailureCause[]): ReadonlyMap<string, FailureCause> {
  const found = new Map<string, FailureCause>()
  for (const cause of causes.toSorted((a, b) => a.attempts - b.attempts))
    found.set(causeKey(cause.key, cause.outcome), cause)
  return found
}

const causeKey = (key: FailureCause['key'], outcome: string) => JSON.stringify([...key.map(String), outcome])
