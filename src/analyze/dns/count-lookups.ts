import { BY_DNS } from '../sums/dimensions.js'
import { createKeyNumbers } from '../sums/key-numbers.js'
import { isAllTime } from '../trace/clock-segments.js'
import { knowsLookups } from '../trace/knows-lookups.js'
import { iterateRows, queries } from '../trace/query-builder.js'
import type { Scope, SessionPart } from '../trace/scope.js'
import { iterateLookups } from './iterate-lookups.js'

/** Lookups of a scope, and the different names that they asked for. */
export interface LookupCounts {
  readonly lookups: number
  readonly names: number
}

export function countLookups(scope: Scope): LookupCounts {
  const keys = createKeyNumbers(BY_DNS)
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

/** Of whole sessions in SQL, several times as fast. */
function* countByName(scope: Scope, part: SessionPart): Generator<readonly [nameId: number, count: number]> {
  const isWhole = isAllTime(part.segments) && scope.filters.cgroups.length === 0
  if (!isWhole) return yield* oneByOne(scope, part)
  if (!knowsLookups(part.trace.db)) return
  const query = queries
    .selectFrom('dns_lookup')
    .select(['dns_name_id', ({ fn }) => fn.countAll<number>().as('count')])
    .where('session_id', '=', part.sessionId)
    .groupBy('dns_name_id')
  for (const row of iterateRows(part.trace.db, query)) yield row as [number, number]
}

function* oneByOne(scope: Scope, part: SessionPart): Generator<readonly [nameId: number, count: number]> {
  for (const { nameId } of iterateLookups(scope, part)) yield [nameId, 1]
}
