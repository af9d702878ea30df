import { findGroups, MEMBER_COLUMNS } from '../group/group-columns.js'
import { DIMENSIONS } from '../group/dimensions.js'
import { groupQuery } from '../query/group-query.js'

/** Ranks users by attempts. */
export const byUid = groupQuery({
  name: 'by-uid',
  description: 'per user, by name and number: attempts, endpoints, processes, failures, latency p50 and p99',
  example: 'tcpconn analyze by-uid tcpconn.db --sort failed',
  dimensions: { uid: DIMENSIONS.uid },
  by: 'host: one row per user and host',
  columns: () => MEMBER_COLUMNS,
  find: (scope, dimension) => findGroups(scope, dimension, true),
})
