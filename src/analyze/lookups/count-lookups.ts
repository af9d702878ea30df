import { DIMENSIONS } from '../group/dimensions.js'
import { createKeyNumbers } from '../group/intern-keys.js'
import { isAllTime } from '../scan/clock-segments.js'
import { createQuery, queries } from '../scan/query-builder.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { iterateLookups } from './iterate-lookups.js'
import { lacksLookups } from './missing-lookups.js'
import { formatPlural } from '../../text/format-number.js'

/** Lookups of a scope, and the number of distinct names; `null`: they were recorded, but are not known here. */
export interface LookupTotals {
  readonly lookups: number | null
  readonly names: number | null
}

export function countLookups(scope: Scope): LookupTotals {
  if (lacksLookups(scope)) return { lookups: null, names: null }
  const keys = createKeyNumbers(DIMENSIONS.dns)
  const names = new Set<number>()
  let lookups = 0
  for (const part of scope.parts) {
    const numberOf = keys.of(part)
    for (const [nameId, count] of countByName(scope, part)) {
      names.add(numberOf(nameId))
      lookups += count
    }
  }
  return { lookups, names: names.size }
}

/** Counts those of whole sessions in SQL, which is several times as fast. */
function* countByName(scope: Scope, part: SessionPart): Generator<readonly [nameId: number, count: number]> {
  const isWhole = isAllTime(part.segments) && scope.filters.cgroups.length === 0
  if (!isWhole) return yield* oneByOne(scope, part)
  for (const { dns_name_id, count } of countNames(part.trace.db, part.sessionId)) yield [dns_name_id, count]
}

const countNames = createQuery((sessionId: number) =>
  queries
    .selectFrom('dns_lookup')
    .select(['dns_name_id', ({ fn }) => fn.countAll<number>().as('count')])
    .where('session_id', '=', sessionId)
    .groupBy('dns_name_id'),
)

function* oneByOne(scope: Scope, part: SessionPart): Generator<readonly [nameId: number, count: number]> {
  for (const { nameId } of iterateLookups(scope, part)) yield [nameId, 1]
}

/** Counts of names and lookups. */
export interface DnsTotals extends LookupTotals {
  /** Source of lookups; `null`: not recorded */
  readonly source: string | null
  readonly attempts: number
  /** Attempts with a name */
  readonly named: number
}

/** One line: source, lookups, names, share of attempts with a name. */
export function describeDns({ source, lookups, names, attempts, named }: DnsTotals): string {
  // Lookups before the selected time leave names, but no lookups.
  if (source === null && lookups === 0 && named === 0) return 'lookups were not recorded'
  const share = attempts === 0 ? '' : `; ${((100 * named) / attempts).toFixed(1)}% of attempts have a name`
  const counts =
    lookups === null || names === null
      ? 'lookups are not in the data set'
      : `${formatPlural(lookups, 'lookup')} of ${formatPlural(names, 'name')}`
  return `${source ?? 'unknown source'}: ${counts}${share}`
}
