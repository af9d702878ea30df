import { parseBy } from '../options/parse-by.js'
import type { Column } from '../result/result.js'
import { rankRows } from '../result/rank-rows.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { noteHosts, withHost } from '../sums/by-host.js'
import { BY_NAME } from '../sums/by-name.js'
import type { Dimension } from '../sums/dimension.js'
import { BY_ENDPOINT } from '../sums/dimensions.js'
import { attemptsOf, failedOf, percentOf, synRetransmitsOf } from '../sums/group-values.js'
import { createLatencyReader } from '../sums/latencies.js'
import { sumUp, type Group } from '../sums/sum-up.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const COLUMNS: readonly Column[] = [
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'share_percent', heading: 'SHARE', kind: 'percent', leaveOut: 1 },
  { name: 'failed', heading: 'FAILED', kind: 'count', isFailure: true, leaveOut: 2 },
  { name: 'failed_percent', heading: 'FAILED%', kind: 'percent', isFailure: true },
  { name: 'p50_ns', heading: 'P50', kind: 'duration' },
  { name: 'p90_ns', heading: 'P90', kind: 'duration', leaveOut: 4 },
  { name: 'p99_ns', heading: 'P99', kind: 'duration', leaveOut: 6 },
  { name: 'max_ns', heading: 'MAX', kind: 'duration', leaveOut: 5 },
  { name: 'syn_retransmits', heading: 'SYN RETR', kind: 'count', leaveOut: 3 },
]

/** The endpoints with the most attempts. */
export const topEndpoints: StoredQuery = {
  name: 'top-endpoints',
  description: 'per remote address and port: attempts, share, failures, latency p50, p90, p99 and max, SYN retransmits',
  example: 'tcpconn analyze top-endpoints tcpconn.db --limit 10',
  options: [
    {
      flags: '--by <what>',
      description: 'endpoint, or dns for a row per name and port; host or host,dns keeps those of each host apart',
      words: ['endpoint', 'dns', 'host'],
    },
  ],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const columns = columnsFor(settings.values)
    const groups = sumUp(scope, dimensionOf(settings.values))
    const total = groups.reduce((sum, group) => sum + attemptsOf(group), 0)
    const reader = createLatencyReader()
    const toRow = (group: Group) => {
      const attempts = attemptsOf(group)
      const failed = failedOf(group)
      return [
        ...group.key,
        attempts,
        percentOf(attempts, total),
        failed,
        percentOf(failed, attempts),
        ...reader.percentiles(group.latencies, [50, 90, 99]),
        group.latencies.maxNs,
        synRetransmitsOf(group),
      ]
    }
    const ranked = rankRows(
      { columns, items: groups, compare: (a, b) => attemptsOf(b) - attemptsOf(a), toRow },
      settings,
    )
    return { columns, ...ranked, notes: [...noteHosts(scope, columns), describeAccuracy(scope)] }
  },
}

function columnsFor(values: QuerySettings['values']): readonly Column[] {
  return [...dimensionOf(values).columns, ...COLUMNS]
}

/** @throws UsageError */
function dimensionOf({ by }: QuerySettings['values']): Dimension {
  const { name, isByHost } = parseBy(by, ['endpoint', 'dns'])
  const dimension = name === 'dns' ? BY_NAME : BY_ENDPOINT
  return isByHost ? withHost(dimension) : dimension
}
