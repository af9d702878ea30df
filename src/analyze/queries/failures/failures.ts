import { describeErrno } from '../../../attempt/errno-name.js'
import { DIMENSIONS } from '../../group/dimensions.js'
import { describeNoLocalErrors } from '../../lookups/session-dns.js'
import { groupQuery } from '../../query/group-query.js'
import type { Value, ValueColumn } from '../../result/result.js'
import { collectFailures, type FailureCause } from './failure-causes.js'
import type { Actors } from './top-callers.js'

/** A cause, with the callers of its attempts. */
export interface FailureRow extends Omit<FailureCause, 'firstNs' | 'lastNs'>, Actors {
  readonly firstNs: Value
  readonly lastNs: Value
}

/** The columns after those that name an endpoint. */
export const FAILURE_COLUMNS: readonly ValueColumn<FailureRow>[] = [
  { name: 'outcome', heading: 'OUTCOME', kind: 'text', value: (row) => row.outcome },
  { name: 'errno', heading: 'ERRNO', kind: 'number', isHidden: true, value: (row) => row.errno },
  {
    name: 'errno_name',
    heading: 'ERRNO',
    kind: 'text',
    leaveOut: 4,
    value: ({ errno }) => describeErrno(errno)?.name ?? null,
  },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count', isFailure: true, value: (row) => row.attempts },
  { name: 'first_seen_ns', heading: 'FIRST SEEN', kind: 'time', value: (row) => row.firstNs },
  { name: 'last_seen_ns', heading: 'LAST SEEN', kind: 'time', leaveOut: 6, value: (row) => row.lastNs },
  { name: 'comm', heading: 'COMM', kind: 'text', leaveOut: 5, value: (row) => row.comm },
  { name: 'user', heading: 'USER', kind: 'text', leaveOut: 3, value: (row) => row.user },
  { name: 'processes', heading: 'PROCESSES', kind: 'count', leaveOut: 2, value: (row) => row.processes },
  { name: 'meaning', heading: 'MEANING', kind: 'text', minWidth: 24, leaveOut: 1, value: describeCause },
]

/** Lists failures: endpoint, cause, first and last time, callers. */
export const failures = groupQuery<FailureCause, FailureRow>({
  name: 'failures',
  description:
    'failed attempts per endpoint, outcome and errno: count, first and last time, most frequent thread name and user, meaning of the error',
  example: 'tcpconn analyze failures tcpconn.db --last 10m',
  dimensions: { endpoint: DIMENSIONS.endpoint },
  by: 'host: separate hosts',
  columns: () => FAILURE_COLUMNS,
  find: (scope, dimension) => ({
    items: collectFailures(scope, dimension),
    // Sorts by attempts, then by the latest attempt.
    compare: (a, b) => b.attempts - a.attempts || Number(b.lastNs - a.lastNs),
    keyOf: ({ key, outcome, errno }) => [...key, outcome, errno],
    prepare: () => (cause) => ({ ...cause, ...cause.actors() }),
    notes: [
      'COMM and USER are those with most of the attempts; pending attempts have not failed',
      ...describeNoLocalErrors(scope.parts),
    ],
    whenEmpty: 'no attempt failed',
  }),
})

function describeCause({ outcome, errno }: FailureRow): string | null {
  if (outcome === 'cancelled') return 'closed, or its process ended, before an answer'
  return describeErrno(errno)?.meaning ?? null
}
