import { sql } from 'kysely'
import type { AttemptColumn, AttemptRow } from '../scan/attempt-columns.js'
import { hasFilters } from '../scan/attempt-filters.js'
import { isAllTime } from '../scan/clock-segments.js'
import { createDnsReader } from '../scan/dns-reader.js'
import { createQuery, queries } from '../scan/query-builder.js'
import { scanScope } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'

/** Receives one attempt with a name. The array is reused for every row. */
type TakeNamed = (row: AttemptRow, nameId: number) => void

/** Passes all attempts of a scope with a name. Skips sessions without names. */
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

/** Number of attempts of a scope with a name. Does not read the attempts of whole sessions. */
export function countNamed(scope: Scope): number {
  const isWhole = ({ segments }: SessionPart) => !hasFilters(scope.filters) && isAllTime(segments)
  let count = scope.parts.filter(isWhole).reduce((sum, part) => sum + countOfSession(part), 0)
  scanNamed({ ...scope, parts: scope.parts.filter((part) => !isWhole(part)) }, [], () => () => void count++)
  return count
}

/** Ids of a session are consecutive. */
const countNames = createQuery((sessionId: number) => {
  const bound = (value: string) => sql<number>`(SELECT ${sql.raw(value)} FROM batch WHERE session_id = ${sessionId})`
  return queries
    .selectFrom('connect_dns')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('attempt_id', '>=', bound('min(first_attempt_id)'))
    .where('attempt_id', '<', bound('max(first_attempt_id + attempt_count)'))
})

function countOfSession({ trace, sessionId }: SessionPart): number {
  if (trace.remote) return trace.remote.namedAttempts(sessionId) ?? 0
  return Number(countNames(trace.lookup, sessionId)[0]?.count ?? 0)
}
