import { findGroups, MEMBER_COLUMNS } from '../group/group-columns.js'
import { DIMENSIONS } from '../group/dimensions.js'
import { groupQuery } from '../query/group-query.js'

/** No column for the number of processes: each row is one process. */
const PROCESS_COLUMNS = MEMBER_COLUMNS.filter(({ name }) => name !== 'processes')

/** Ranks processes by attempts. */
export const byProcess = groupQuery({
  name: 'by-process',
  description:
    'per process (pid and start time), thread name, container or pod: attempts, endpoints, failures, latency p50 and p99',
  example: 'tcpconn analyze by-process tcpconn.db --by comm',
  dimensions: {
    process: DIMENSIONS.process,
    comm: DIMENSIONS.comm,
    container: DIMENSIONS.container,
    pod: DIMENSIONS.pod,
    namespace: DIMENSIONS.namespace,
    image: DIMENSIONS.image,
  },
  by: 'process (default); comm: one row per thread name; container: one row per container or systemd unit; pod, namespace, image: of containers; host or host,comm: separate hosts',
  columns: (by) => (by === 'process' ? PROCESS_COLUMNS : MEMBER_COLUMNS),
  find: (scope, dimension) => findGroups(scope, dimension, true),
})
