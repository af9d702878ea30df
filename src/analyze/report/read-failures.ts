import { OUTCOMES } from '../../attempt/outcome.js'
import { formatLength } from '../../text/format-duration.js'
import { formatCount } from '../../text/format-number.js'
import { DIMENSIONS } from '../group/dimensions.js'
import { keyColumns } from '../group/group-columns.js'
import { rankRows } from '../query/rank-rows.js'
import { collectFailures, type FailureCause } from '../queries/failures/failure-causes.js'
import { FAILURE_COLUMNS, type FailureRow } from '../queries/failures/failures.js'
import type { Result } from '../result/result.js'
import type { NarrowScope } from './narrow-scope.js'
import type { EndpointTimes } from './read-endpoint-times.js'

/** Headings of times that are bounds */
const BOUNDS: Readonly<Record<string, string>> = { first_seen_ns: 'FIRST SEEN ≥', last_seen_ns: 'LAST SEEN ≤' }

/** A column of times that stored sums bound. */
function asBound(column: (typeof FAILURE_COLUMNS)[number]): (typeof FAILURE_COLUMNS)[number] {
  return Object.assign({}, column, { heading: BOUNDS[column.name] ?? column.heading })
}

/** Who made attempts of which none was read. */
const NOBODY = { comm: '-', user: '-', processes: 0 }

/**
 * Failures of a scope that is too large to read: counts from stored sums, errno and who made the attempts from those of
 * its attempts that were read.
 */
export function readFailures({ failed, longestNs }: EndpointTimes, read: NarrowScope, limit: number): Result {
  const causes = mostFrequent(collectFailures(read.scope, DIMENSIONS.endpoint))
  const items = failed.map((one): FailureCause => {
    const outcome = OUTCOMES[one.outcome] as FailureCause['outcome']
    const cause = causes.get(causeKey(one.key, outcome))
    const actors = cause?.actors ?? (() => NOBODY)
    const { key, attempts, fromNs, toNs } = one
    return {
      key,
      outcome,
      errno: cause?.errno ?? null,
      attempts,
      firstNs: BigInt(fromNs),
      lastNs: BigInt(toNs),
      actors,
    }
  })
  const columns = [
    ...keyColumns<FailureRow>(DIMENSIONS.endpoint, ({ key }) => key),
    ...FAILURE_COLUMNS.filter(({ name }) => name !== 'processes').map(longestNs > 0 ? asBound : (column) => column),
  ]
  const prepare = () => (cause: FailureCause) => ({ ...cause, ...cause.actors() })
  const ranked = rankRows(
    {
      columns,
      items,
      compare: (a, b) => b.attempts - a.attempts,
      keyOf: ({ key, outcome }) => [...key, outcome],
      prepare,
    },
    { sort: null, limit },
  )
  const times =
    longestNs > 0
      ? [
          `FIRST SEEN ≥ and LAST SEEN ≤ are bounds from stored sums: the first and the last failure are within ${formatLength(longestNs)} of them; analyze failures prints the exact times`,
        ]
      : []
  const notes = [
    ...times,
    `ATTEMPTS is exact; ERRNO, COMM and USER are the most frequent of ${formatCount(read.attempts)} attempts that were read, all over the time`,
  ]
  return { ...ranked, notes, whenEmpty: 'no attempt failed' }
}

/** By endpoint and outcome, the errno with the most attempts. */
function mostFrequent(causes: readonly FailureCause[]): ReadonlyMap<string, FailureCause> {
  const found = new Map<string, FailureCause>()
  for (const cause of causes.toSorted((a, b) => a.attempts - b.attempts))
    found.set(causeKey(cause.key, cause.outcome), cause)
  return found
}

const causeKey = (key: FailureCause['key'], outcome: string) => JSON.stringify([...key.map(String), outcome])
