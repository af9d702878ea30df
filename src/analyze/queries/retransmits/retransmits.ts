import { DIMENSIONS } from '../../group/dimensions.js'
import { ATTEMPTS } from '../../group/group-columns.js'
import { percentOf } from '../../group/group-values.js'
import { describeAccuracy } from '../../group/sum-up.js'
import { groupQuery } from '../../query/group-query.js'
import type { ValueColumn } from '../../result/result.js'
import { createEndpointRow, sumUpRetransmits, type EndpointRetransmits, type EndpointRow } from './retransmit-sums.js'

const COLUMNS: readonly ValueColumn<EndpointRow>[] = [
  { ...ATTEMPTS, leaveOut: 4 },
  { name: 'retransmitted', heading: 'RETRANSMITTED', kind: 'count', value: (row) => row.retransmitted },
  {
    name: 'retransmitted_percent',
    heading: 'SHARE',
    kind: 'percent',
    leaveOut: 2,
    value: (row) => percentOf(row.retransmitted, row.attempts),
  },
  { name: 'retransmitted_once', heading: 'ONCE', kind: 'count', leaveOut: 5, value: (row) => row.counts[1] ?? 0 },
  { name: 'retransmitted_twice', heading: 'TWICE', kind: 'count', leaveOut: 5, value: (row) => row.counts[2] ?? 0 },
  { name: 'retransmitted_more', heading: '3 OR MORE', kind: 'count', leaveOut: 5, value: (row) => row.counts[3] ?? 0 },
  {
    name: 'timed_out',
    heading: 'TIMED OUT',
    kind: 'count',
    isFailure: true,
    leaveOut: 3,
    value: (row) => row.timedOut,
  },
  { name: 'p50_without_ns', heading: 'P50 WITHOUT', kind: 'duration', leaveOut: 1, value: (row) => row.withoutNs },
  { name: 'p50_with_ns', heading: 'P50 WITH', kind: 'duration', leaveOut: 1, value: (row) => row.withNs },
  { name: 'added_ns', heading: 'ADDED', kind: 'duration', value: (row) => row.addedNs },
]

/** Finds endpoints to which SYNs, or their answers, were lost. */
export const retransmits = groupQuery<EndpointRetransmits, EndpointRow>({
  name: 'retransmits',
  description:
    'lost SYNs per endpoint: attempts with 1, 2, and 3 or more SYN retransmits, and the latency that they add',
  example: 'tcpconn analyze retransmits tcpconn.db --sort added',
  dimensions: { endpoint: DIMENSIONS.endpoint },
  by: 'host: separate hosts',
  columns: () => COLUMNS,
  find: (scope, dimension) => ({
    items: sumUpRetransmits(scope, dimension).filter(({ retransmitted }) => retransmitted > 0),
    compare: (a, b) => b.retransmitted - a.retransmitted,
    prepare: createEndpointRow,
    notes: ['ADDED is how much higher the p50 is with retransmits than without', describeAccuracy(scope)],
    whenEmpty: 'no SYN was retransmitted',
  }),
})
