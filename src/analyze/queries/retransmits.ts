import { parseBy } from '../options/parse-by.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column } from '../result/result.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { HOST, noteHosts, withHost } from '../sums/by-host.js'
import { BY_ENDPOINT } from '../sums/dimensions.js'
import { percentOf } from '../sums/group-values.js'
import { createLatencyReader } from '../sums/latencies.js'
import { mergedPercentiles } from '../sums/merged-percentiles.js'
import { sumUpRetransmits, type EndpointRetransmits } from '../sums/retransmit-sums.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const COLUMNS: readonly Column[] = [
  { name: 'remote_address', heading: 'ADDRESS', kind: 'text', minWidth: 15 },
  { name: 'remote_port', heading: 'PORT', kind: 'text' },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count', leaveOut: 4 },
  { name: 'retransmitted', heading: 'RETRANSMITTED', kind: 'count' },
  { name: 'retransmitted_percent', heading: 'SHARE', kind: 'percent', leaveOut: 2 },
  { name: 'retransmitted_once', heading: 'ONCE', kind: 'count', leaveOut: 5 },
  { name: 'retransmitted_twice', heading: 'TWICE', kind: 'count', leaveOut: 5 },
  { name: 'retransmitted_more', heading: '3 OR MORE', kind: 'count', leaveOut: 5 },
  { name: 'timed_out', heading: 'TIMED OUT', kind: 'count', isFailure: true, leaveOut: 3 },
  { name: 'p50_without_ns', heading: 'P50 WITHOUT', kind: 'duration', leaveOut: 1 },
  { name: 'p50_with_ns', heading: 'P50 WITH', kind: 'duration', leaveOut: 1 },
  { name: 'added_ns', heading: 'ADDED', kind: 'duration' },
]

/** Where the first packet of a connection got lost, or its answer. */
export const retransmits: StoredQuery = {
  name: 'retransmits',
  description: 'where SYNs got lost, per endpoint: attempts with 1, 2, 3 or more retransmits, the latency these added',
  example: 'tcpconn analyze retransmits tcpconn.db --sort added',
  options: [{ flags: '--by <what>', description: 'host for the endpoints of each host apart', words: ['host'] }],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const columns = columnsFor(settings.values)
    const dimension = columns.includes(HOST) ? withHost(BY_ENDPOINT) : BY_ENDPOINT
    const items = sumUpRetransmits(scope, dimension).filter((endpoint) => retransmitted(endpoint) > 0)
    const reader = createLatencyReader()
    const toRow = (endpoint: EndpointRetransmits) => {
      const { key, attempts, timedOut, latencies } = endpoint
      const [total, some] = [attempts.reduce((sum, count) => sum + count, 0), retransmitted(endpoint)]
      const [without] = mergedPercentiles(reader, latencies.slice(0, 1), [50])
      const [with_] = mergedPercentiles(reader, latencies.slice(1), [50])
      const [p50Without, p50With] = [without ?? null, with_ ?? null]
      const addedNs = p50Without === null || p50With === null ? null : p50With - p50Without
      const counts = [total, some, percentOf(some, total), ...attempts.slice(1), timedOut]
      return [...key, ...counts, p50Without, p50With, addedNs]
    }
    const compare = (a: EndpointRetransmits, b: EndpointRetransmits) => retransmitted(b) - retransmitted(a)
    const ranked = rankRows({ columns, items, compare, toRow }, settings)
    const notes = [
      ...noteHosts(scope, columns),
      'ADDED is how much higher the p50 is with retransmits than without',
      describeAccuracy(scope),
    ]
    return { columns, ...ranked, notes, whenEmpty: 'no SYN was retransmitted' }
  },
}

/** @throws UsageError for `--by` */
function columnsFor({ by }: QuerySettings['values']): readonly Column[] {
  return parseBy(by, ['endpoint']).isByHost ? [HOST, ...COLUMNS] : COLUMNS
}

function retransmitted({ attempts }: EndpointRetransmits): number {
  return attempts.slice(1).reduce((sum, count) => sum + count, 0)
}
