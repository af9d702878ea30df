import { UsageError } from '../../errors.js'
import { CONNECT_COLUMNS, readAttempts, type WholeAttempt } from '../attempts/read-attempts.js'
import { findSlowest } from '../attempts/slowest-attempts.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { formatCount } from '../../show/format-number.js'
import { HOST, hasHosts } from '../sums/by-host.js'
import type { Scope } from '../trace/scope.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

/** In every format: millions of rows in order of their latency are what `export` and a sort are for. */
const ROWS = 20
/** Each is looked up by itself and kept until all are there: a million take 17 s and 900 MB. */
const MAX_ROWS = 100_000
const DNS_NAME = CONNECT_COLUMNS.findIndex(({ name }) => name === 'dns_name')

/** The attempts that took longest. */
export const slowest: StoredQuery = {
  name: 'slowest',
  description: `the slowest attempts, ${ROWS} or --limit, as whole rows: established ones, or those of --outcome`,
  example: 'tcpconn analyze slowest tcpconn.db --outcome failed --limit 5',
  columns: CONNECT_COLUMNS,
  run(scope, settings) {
    const limit = limitOf(settings)
    const { attempts, covered } = findSlowest(scope, limit)
    const found = readAttempts(attempts)
    const columns = columnsFor(found, hasHosts(scope))
    const items = found.map(({ row, part }): Row => (columns.includes(HOST) ? row.toSpliced(0, 0, part.host) : row))
    const ranked = rankRows({ columns, items, compare: () => 0, toRow: (row) => row }, { ...settings, limit })
    return { columns, ...ranked, notes: [describeChoice(scope, ranked.rows.length, covered)] }
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

/** Most hosts have no DNS names recorded: then tables have no column for them. */
function columnsFor(found: readonly WholeAttempt[], isOfHosts: boolean): readonly Column[] {
  const hasNames = found.some(({ row }) => row[DNS_NAME] !== null)
  const dnsName = CONNECT_COLUMNS[DNS_NAME] as Column
  const columns = hasNames ? CONNECT_COLUMNS : CONNECT_COLUMNS.with(DNS_NAME, { ...dnsName, isHidden: true })
  return isOfHosts ? [HOST, ...columns] : columns
}

function describeChoice({ filters }: Scope, shown: number, covered: number): string {
  const outcomes = filters.outcomes.length === 0 ? 'established' : filters.outcomes.join(', ')
  const hint = filters.outcomes.length === 0 ? '; --outcome failed shows the slowest failures' : ''
  if (covered === 0) return `only ${outcomes} attempts are looked at${hint}`
  return `the ${formatCount(shown)} slowest of ${formatCount(covered)} attempts (${outcomes})${hint}`
}
