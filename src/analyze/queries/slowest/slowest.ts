import { UsageError } from '../../../base/errors.js'
import { WHOLE_ATTEMPT_COLUMNS, readAttempts, type WholeAttempt } from './read-attempts.js'
import { findSlowest } from './slowest-attempts.js'
import { ITSELF, rankRows } from '../../query/rank-rows.js'
import type { ValueColumn } from '../../result/result.js'
import { formatCount } from '../../../text/format-number.js'
import { HOST, hasHosts } from '../../group/by-host.js'
import type { Scope } from '../../scan/scope.js'
import type { QuerySettings, StoredQuery } from '../../query/stored-query.js'

/** A limit for every format. For millions of rows in order of their latency, use `export` and sort. */
const ROWS = 20
/** Each attempt is looked up separately and kept in memory until all are read: a million take 17 s and 900 MB. */
const MAX_ROWS = 100_000

/** Lists the attempts with the highest latency. */
export const slowest: StoredQuery = {
  name: 'slowest',
  description: `the slowest established attempts, or those with the outcomes of --outcome; ${ROWS} rows by default`,
  example: 'tcpconn analyze slowest tcpconn.db --outcome failed --limit 5',
  columns: WHOLE_ATTEMPT_COLUMNS,
  run(scope, settings) {
    const limit = limitOf(settings)
    const { attempts, covered } = findSlowest(scope, limit)
    const found = readAttempts(attempts)
    const columns = columnsFor(found, hasHosts(scope))
    const ranked = rankRows({ columns, items: found, prepare: ITSELF }, { ...settings, limit })
    return { ...ranked, notes: [describeChoice(scope, ranked.rows.length, covered)] }
  },
}

/** @throws UsageError */
function limitOf({ limit }: QuerySettings): number {
  if (!Number.isFinite(limit)) return ROWS
  if (limit <= MAX_ROWS) return limit
  const most = formatCount(MAX_ROWS)
  throw new UsageError(
    '--limit',
    String(limit),
    `at most ${most} attempts in slowest; tcpconn export writes all of them`,
  )
}

/** Most traces have no DNS names: tables then have no column for them. */
function columnsFor(found: readonly WholeAttempt[], isOfHosts: boolean): readonly ValueColumn<WholeAttempt>[] {
  const dnsName = WHOLE_ATTEMPT_COLUMNS.find(({ name }) => name === 'dns_name') as ValueColumn<WholeAttempt>
  const hasNames = found.some((attempt) => dnsName.value(attempt) !== null)
  const columns = hasNames
    ? WHOLE_ATTEMPT_COLUMNS
    : WHOLE_ATTEMPT_COLUMNS.with(WHOLE_ATTEMPT_COLUMNS.indexOf(dnsName), { ...dnsName, isHidden: true })
  return isOfHosts ? [{ ...HOST, value: ({ part }) => part.host }, ...columns] : columns
}

function describeChoice({ filters }: Scope, shown: number, covered: number): string {
  const outcomes = filters.outcomes.length === 0 ? 'established' : filters.outcomes.join(', ')
  const hint = filters.outcomes.length === 0 ? '; --outcome failed shows the slowest failures' : ''
  if (covered === 0) return `only ${outcomes} attempts are looked at${hint}`
  return `the ${formatCount(shown)} slowest of ${formatCount(covered)} attempts (${outcomes})${hint}`
}
