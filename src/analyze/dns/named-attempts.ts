import { sql } from 'kysely'
import type { AttemptColumn, AttemptRow } from '../trace/attempt-columns.js'
import { hasFilters } from '../trace/attempt-filters.js'
import { isAllTime } from '../trace/clock-segments.js'
import { createDnsReader } from '../trace/dns-reader.js'
import { queries, selectAll } from '../trace/query-builder.js'
import { scanScope } from '../trace/scan-scope.js'
import type { Scope, SessionPart } from '../trace/scope.js'

/** Takes one attempt that has a name. The array is the same for every row. */
type TakeNamed = (row: AttemptRow, nameId: number) => void

/** Passes every attempt of a scope that has a name. Sessions without any are not looked at. */
export function scanNamed(
  scope: Scope,
  columns: readonly AttemptColumn[],
  begin: (part: SessionPart) => TakeNamed,
): void {
  const parts = scope.parts.filter((part) => countOfSession(part) > 0)
  scanScope({ ...scope, parts }, ['attempt_id', ...columns], (part) => {
    const nameIdOf = createDnsReader(part.trace.lookup)
    const take = begin(part)
    return {
      take(row) {
        const nameId = nameIdOf(row)
        if (nameId !== 0) take(row, nameId)
      },
    }
  })
}

/** Attempts of a scope that have a name; of whole sessions without looking at them. */
export function countNamed(scope: Scope): number {
  const isWhole = ({ segments }: SessionPart) => !hasFilters(scope.filters) && isAllTime(segments)
  let count = scope.parts.filter(isWhole).reduce((sum, part) => sum + countOfSession(part), 0)
  scanNamed({ ...scope, parts: scope.parts.filter((part) => !isWhole(part)) }, [], () => () => void count++)
  return count
}

/** Ids of a session are consecutive. */
function countOfSession({ trace, sessionId }: SessionPart): number {
  const bound = (value: string) => sql<number>`(SELECT ${sql.raw(value)} FROM batch WHERE session_id = ${sessionId})`
  const query = queries
    .selectFrom('connect_dns')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('attempt_id', '>=', bound('min(first_attempt_id)'))
    .where('attempt_id', '<', bound('max(first_attempt_id + attempt_count)'))
  return Number(selectAll(trace.lookup, query)[0]?.count ?? 0)
}
