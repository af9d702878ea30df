import type { Column } from '../result/result.js'
import { rankRows } from '../result/rank-rows.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { BY_ENDPOINT } from '../sums/dimensions.js'
import { attemptsOf, failedOf, percentOf, synRetransmitsOf } from '../sums/group-values.js'
import { createLatencyReader } from '../sums/latencies.js'
import { sumUp, type Group } from '../sums/sum-up.js'
import type { StoredQuery } from './stored-query.js'

const COLUMNS: readonly Column[] = [
  ...BY_ENDPOINT.columns,
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'share_percent', heading: 'SHARE', kind: 'percent' },
  { name: 'failed', heading: 'FAILED', kind: 'count', isFailure: true },
  { name: 'failed_percent', heading: 'FAILED%', kind: 'percent', isFailure: true },
  { name: 'p50_ns', heading: 'P50', kind: 'duration' },
  { name: 'p90_ns', heading: 'P90', kind: 'duration' },
  { name: 'p99_ns', heading: 'P99', kind: 'duration' },
  { name: 'max_ns', heading: 'MAX', kind: 'duration' },
  { name: 'syn_retransmits', heading: 'SYN RETR', kind: 'count' },
]

/** The endpoints with the most attempts. */
export const topEndpoints: StoredQuery = {
  name: 'top-endpoints',
  description: 'per remote address and port: attempts, share, failures, latency p50, p90, p99 and max, SYN retransmits',
  example: 'tcpconn analyze top-endpoints tcpconn.db --limit 10',
  columns: COLUMNS,
  run(scope, settings) {
    const groups = sumUp(scope, BY_ENDPOINT)
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
      { columns: COLUMNS, items: groups, compare: (a, b) => attemptsOf(b) - attemptsOf(a), toRow },
      settings,
    )
    return { columns: COLUMNS, ...ranked, notes: [describeAccuracy(scope)] }
  },
}
