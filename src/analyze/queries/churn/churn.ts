import { UsageError } from '../../../base/errors.js'
import { formatCount } from '../../../text/format-number.js'
import { withFlags } from '../../group/dimension.js'
import { DIMENSIONS } from '../../group/dimensions.js'
import { ATTEMPTS, FAILED_PERCENT, keyColumns } from '../../group/group-columns.js'
import { percentOf } from '../../group/group-values.js'
import { groupQuery } from '../../query/group-query.js'
import type { ValueColumn } from '../../result/result.js'
import { medianGap, readStarts } from './connect-starts.js'
import { countPairs, type ConnectPairs, type RepeatedConnects } from './repeated-connects.js'

const MIN_ATTEMPTS = 10
/** Both sides commonly keep a connection open that is used again within this time. */
const KEEP_OPEN_NS = 60e9
/** A pair of process and endpoint, and the times at which its attempts began. */
interface PairRow extends RepeatedConnects {
  /** Attempts per second; `null` if all began at the same time */
  readonly rate: number | null
  /** Median time between two starts in ns; `null` for a single attempt */
  readonly gapNs: number | null
}

const COLUMNS: readonly ValueColumn<PairRow>[] = [
  ...keyColumns<PairRow>(DIMENSIONS.endpoint, ({ endpoint }) => endpoint),
  ATTEMPTS,
  { ...FAILED_PERCENT, leaveOut: 2 },
  { name: 'rate_per_second', heading: 'RATE', kind: 'rate', leaveOut: 4, value: (row) => row.rate },
  { name: 'median_gap_ns', heading: 'MEDIAN GAP', kind: 'duration', leaveOut: 5, value: (row) => row.gapNs },
  { name: 'hint', heading: 'HINT', kind: 'text', value: hintFor },
]

/** Finds processes that connect to the same endpoint again and again. */
export const churn = groupQuery<RepeatedConnects, PairRow>({
  name: 'churn',
  description: 'processes that connect to the same endpoint repeatedly: rate, median gap, and a hint (retry or pool)',
  example: 'tcpconn analyze churn tcpconn.db --last 10m',
  options: [
    {
      flags: '--min-attempts <count>',
      description: `only processes with at least this many attempts to an endpoint (default: ${MIN_ATTEMPTS})`,
    },
  ],
  dimensions: {
    // On a narrow terminal, the pair is more important than the other columns of its process.
    process: withFlags(DIMENSIONS.process, {
      pid: { leaveOut: 3 },
      comm: { leaveOut: 6 },
      exe: { isHidden: true },
      user: { leaveOut: 1 },
    }),
  },
  by: 'host: add a column host (always added for several files)',
  columns: () => COLUMNS,
  find(scope, dimension, values) {
    const minAttempts = parseMinAttempts(values.minAttempts)
    const pairs = countPairs(scope, minAttempts, dimension)
    return {
      items: pairs.list,
      compare: (a, b) => b.attempts - a.attempts,
      keyOf: ({ key, endpoint }) => [...key, ...endpoint],
      prepare: (shown) => createPairRow(pairs, shown),
      notes: [
        'pool: connects again within a minute, a connection that is kept open would do; retry: most attempts fail',
        'RATE is between the first and the last start',
      ],
      whenEmpty: `no pair has ${formatCount(minAttempts)} attempts or more`,
    }
  },
})

function createPairRow(pairs: ConnectPairs, shown: readonly RepeatedConnects[]): (pair: RepeatedConnects) => PairRow {
  const startsOf = readStarts(pairs, shown)
  return (pair) => {
    const starts = startsOf(pair)
    const spanNs = (starts.at(-1) as number) - (starts[0] as number)
    const rate = spanNs > 0 ? ((pair.attempts - 1) * 1e9) / spanNs : null
    return { ...pair, rate, gapNs: medianGap(starts) }
  }
}

function hintFor({ failed, attempts, gapNs }: PairRow): string | null {
  if (percentOf(failed, attempts) >= 50) return 'retry'
  return gapNs !== null && gapNs <= KEEP_OPEN_NS ? 'pool' : null
}

/** @throws UsageError */
function parseMinAttempts(text: string | undefined): number {
  if (text === undefined) return MIN_ATTEMPTS
  if (/^\d{1,9}$/.test(text) && Number(text) > 1) return Number(text)
  throw new UsageError('--min-attempts', text, 'a number of attempts, 2 or more')
}
