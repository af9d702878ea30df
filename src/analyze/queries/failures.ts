import { collectFailures, type FailureCause } from '../attempts/failure-causes.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { describeErrno } from '../../store/errno-name.js'
import type { StoredQuery } from './stored-query.js'

const COLUMNS: readonly Column[] = [
  { name: 'remote_address', heading: 'ADDRESS', kind: 'text' },
  { name: 'remote_port', heading: 'PORT', kind: 'text' },
  { name: 'outcome', heading: 'OUTCOME', kind: 'text' },
  { name: 'errno', heading: 'ERRNO', kind: 'number', isHidden: true },
  { name: 'errno_name', heading: 'ERRNO', kind: 'text' },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count', isFailure: true },
  { name: 'first_seen_ns', heading: 'FIRST SEEN', kind: 'time' },
  { name: 'last_seen_ns', heading: 'LAST SEEN', kind: 'time' },
  { name: 'comm', heading: 'COMM', kind: 'text' },
  { name: 'user', heading: 'USER', kind: 'text' },
  { name: 'processes', heading: 'PROCESSES', kind: 'count' },
  { name: 'meaning', heading: 'MEANING', kind: 'text' },
]

/** What went wrong where, since when, and for whom. */
export const failures: StoredQuery = {
  name: 'failures',
  description: 'endpoint, outcome and errno with its meaning: failed attempts, first and last seen, by whom',
  example: 'tcpconn analyze failures tcpconn.db --last 10m',
  columns: COLUMNS,
  run(scope, settings) {
    const items = collectFailures(scope)
    const ranked = rankRows({ columns: COLUMNS, items, compare, toRow }, settings)
    const notes = ['COMM and USER are those with the most of the attempts; pending attempts have not failed']
    return { columns: COLUMNS, ...ranked, notes, whenEmpty: 'no attempt failed' }
  },
}

/** The most attempts first, of as many the latest. */
function compare(a: FailureCause, b: FailureCause): number {
  return b.attempts - a.attempts || (a.lastNs > b.lastNs ? -1 : a.lastNs < b.lastNs ? 1 : 0)
}

function toRow({ remoteAddress, remotePort, outcome, errno, attempts, firstNs, lastNs, actors }: FailureCause): Row {
  const known = describeErrno(errno)
  const words = outcome === 'cancelled' ? 'closed, or its process ended, before an answer' : (known?.meaning ?? null)
  const what = [remoteAddress, remotePort, outcome, errno, known?.name ?? null, attempts]
  const { comm, user, processes } = actors()
  return [...what, firstNs, lastNs, comm, user, processes, words]
}
