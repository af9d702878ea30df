import { DIMENSIONS } from '../../group/dimensions.js'
import {
  ATTEMPTS,
  FAILED,
  FAILED_PERCENT,
  findGroups,
  MAX,
  percentileColumn,
  type GroupRow,
} from '../../group/group-columns.js'
import { percentOf, synRetransmitsOf } from '../../group/group-values.js'
import { describeUnrecorded } from '../../lookups/session-dns.js'
import { groupQuery } from '../../query/group-query.js'
import type { ValueColumn } from '../../result/result.js'
import { BY_NAME } from './by-name.js'

const COLUMNS: readonly ValueColumn<GroupRow>[] = [
  ATTEMPTS,
  {
    name: 'share_percent',
    heading: 'SHARE',
    kind: 'percent',
    leaveOut: 1,
    value: ({ attempts, attemptsOfAll }) => percentOf(attempts, attemptsOfAll),
  },
  FAILED,
  FAILED_PERCENT,
  percentileColumn(50),
  percentileColumn(90, 4),
  percentileColumn(99, 6),
  MAX,
  { name: 'syn_retransmits', heading: 'SYN RETR', kind: 'count', leaveOut: 3, value: synRetransmitsOf },
]

/** Ranks endpoints by attempts. */
export const topEndpoints = groupQuery({
  name: 'top-endpoints',
  description: 'per remote address and port: attempts, share, failures, latency p50, p90, p99 and max, SYN retransmits',
  example: 'tcpconn analyze top-endpoints tcpconn.db --limit 10',
  dimensions: { endpoint: DIMENSIONS.endpoint, dns: BY_NAME },
  by: 'endpoint (default); dns: one row per DNS name and port; host or host,dns: separate hosts',
  columns: () => COLUMNS,
  find(scope, dimension) {
    const found = findGroups(scope, dimension)
    const unnamed = dimension.source === BY_NAME.source ? describeUnrecorded(scope.parts) : []
    return { ...found, notes: [...found.notes, ...unnamed] }
  },
})
