import { UsageError } from '../../errors.js'
import { medianGap, readStarts } from '../attempts/connect-starts.js'
import { countPairs, type RepeatedConnects } from '../attempts/repeated-connects.js'
import { parseBy } from '../options/parse-by.js'
import { formatCount } from '../../show/format-number.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { HOST, hasHosts, withHost } from '../sums/by-host.js'
import { BY_PROCESS } from '../sums/dimensions.js'
import { percentOf } from '../sums/group-values.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const MIN_ATTEMPTS = 10
/** Connections that are used again within this time are commonly kept open by both sides. */
const KEEP_OPEN_NS = 60e9

const COLUMNS: readonly Column[] = [
  { name: 'pid', heading: 'PID', kind: 'text', leaveOut: 3 },
  { name: 'process_start_ns', heading: 'START', kind: 'text', isHidden: true },
  { name: 'comm', heading: 'COMM', kind: 'text', leaveOut: 6 },
  { name: 'exe', heading: 'EXE', kind: 'text', isHidden: true },
  { name: 'user', heading: 'USER', kind: 'text', leaveOut: 1 },
  { name: 'remote_address', heading: 'ADDRESS', kind: 'text', minWidth: 15 },
  { name: 'remote_port', heading: 'PORT', kind: 'text' },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'failed_percent', heading: 'FAILED%', kind: 'percent', isFailure: true, leaveOut: 2 },
  { name: 'rate_per_second', heading: 'RATE', kind: 'rate', leaveOut: 4 },
  { name: 'median_gap_ns', heading: 'MEDIAN GAP', kind: 'duration', leaveOut: 5 },
  { name: 'hint', heading: 'HINT', kind: 'text' },
]

/** Who connects to the same endpoint again and again. */
export const churn: StoredQuery = {
  name: 'churn',
  description: 'processes that connect to the same endpoint again and again: rate, median gap, who wants a pool',
  example: 'tcpconn analyze churn tcpconn.db --last 10m',
  options: [
    { flags: '--min-attempts <count>', description: `pairs with at least as many; ${MIN_ATTEMPTS} without it` },
    {
      flags: '--by <what>',
      description: 'host for a column with the host, which several files have without it',
      words: ['host'],
    },
  ],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const minAttempts = parseMinAttempts(settings.values.minAttempts)
    const columns = columnsFor(settings.values, hasHosts(scope))
    const pairs = countPairs(scope, minAttempts, columns.includes(HOST) ? withHost(BY_PROCESS) : BY_PROCESS)
    const inOrder = pairs.list.toSorted((a, b) => b.attempts - a.attempts)
    // Without --sort it is known already which of them are shown.
    const startsOf = readStarts(pairs, settings.sort === null ? inOrder.slice(0, settings.limit) : inOrder)
    const toRow = (pair: RepeatedConnects) => rowOf(pair, startsOf(pair))
    const ranked = rankRows({ columns, items: inOrder, compare: () => 0, toRow }, settings)
    return { columns, ...ranked, notes: NOTES, whenEmpty: `no pair has ${formatCount(minAttempts)} attempts or more` }
  },
}

/** @throws UsageError for `--by` */
function columnsFor({ by }: QuerySettings['values'], isOfHosts = false): readonly Column[] {
  return parseBy(by, ['process']).isByHost || isOfHosts ? [HOST, ...COLUMNS] : COLUMNS
}

const NOTES = [
  'pool: connects again within a minute, a connection that is kept open would do; retry: most attempts fail',
  'RATE is between the first and the last start',
]

function rowOf({ process, endpoint, attempts, failed }: RepeatedConnects, starts: Float64Array): Row {
  const gapNs = medianGap(starts)
  const spanNs = (starts.at(-1) as number) - (starts[0] as number)
  const rate = spanNs > 0 ? ((attempts - 1) * 1e9) / spanNs : null
  const failedPercent = percentOf(failed, attempts)
  return [...process, ...endpoint, attempts, failedPercent, rate, gapNs, hintFor(failedPercent, gapNs)]
}

function hintFor(failedPercent: number, gapNs: number | null): string | null {
  if (failedPercent >= 50) return 'retry'
  return gapNs !== null && gapNs <= KEEP_OPEN_NS ? 'pool' : null
}

/** @throws UsageError */
function parseMinAttempts(text: string | undefined): number {
  if (text === undefined) return MIN_ATTEMPTS
  if (/^\d{1,9}$/.test(text) && Number(text) > 1) return Number(text)
  throw new UsageError('--min-attempts', text, 'a number of attempts, 2 or more')
}
