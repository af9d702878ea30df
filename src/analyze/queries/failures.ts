import { collectFailures, type FailureCause } from '../attempts/failure-causes.js'
import { parseBy } from '../options/parse-by.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { describeErrno } from '../../store/errno-name.js'
import { HOST, noteHosts, withHost } from '../sums/by-host.js'
import { BY_ENDPOINT } from '../sums/dimensions.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const COLUMNS: readonly Column[] = [
  { name: 'remote_address', heading: 'ADDRESS', kind: 'text', minWidth: 15 },
  { name: 'remote_port', heading: 'PORT', kind: 'text' },
  { name: 'outcome', heading: 'OUTCOME', kind: 'text' },
  { name: 'errno', heading: 'ERRNO', kind: 'number', isHidden: true },
  { name: 'errno_name', heading: 'ERRNO', kind: 'text', leaveOut: 4 },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count', isFailure: true },
  { name: 'first_seen_ns', heading: 'FIRST SEEN', kind: 'time' },
  { name: 'last_seen_ns', heading: 'LAST SEEN', kind: 'time', leaveOut: 6 },
  { name: 'comm', heading: 'COMM', kind: 'text', leaveOut: 5 },
  { name: 'user', heading: 'USER', kind: 'text', leaveOut: 3 },
  { name: 'processes', heading: 'PROCESSES', kind: 'count', leaveOut: 2 },
  { name: 'meaning', heading: 'MEANING', kind: 'text', minWidth: 24, leaveOut: 1 },
]

/** What went wrong where, since when, and for whom. */
export const failures: StoredQuery = {
  name: 'failures',
  description: 'endpoint, outcome and errno with its meaning: failed attempts, first and last seen, by whom',
  example: 'tcpconn analyze failures tcpconn.db --last 10m',
  options: [{ flags: '--by <what>', description: 'host for the failures of each host apart', words: ['host'] }],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const columns = columnsFor(settings.values)
    const items = collectFailures(scope, columns.includes(HOST) ? withHost(BY_ENDPOINT) : BY_ENDPOINT)
    const ranked = rankRows({ columns, items, compare, toRow }, settings)
    const who = 'COMM and USER are those with the most of the attempts; pending attempts have not failed'
    const notes = [...noteHosts(scope, columns), who]
    return { columns, ...ranked, notes, whenEmpty: 'no attempt failed' }
  },
}

/** @throws UsageError for `--by` */
function columnsFor({ by }: QuerySettings['values']): readonly Column[] {
  return parseBy(by, ['endpoint']).isByHost ? [HOST, ...COLUMNS] : COLUMNS
}

/** The most attempts first, of as many the latest. */
function compare(a: FailureCause, b: FailureCause): number {
  return b.attempts - a.attempts || (a.lastNs > b.lastNs ? -1 : a.lastNs < b.lastNs ? 1 : 0)
}

function toRow({ endpoint, outcome, errno, attempts, firstNs, lastNs, actors }: FailureCause): Row {
  const known = describeErrno(errno)
  const words = outcome === 'cancelled' ? 'closed, or its process ended, before an answer' : (known?.meaning ?? null)
  const what = [...endpoint, outcome, errno, known?.name ?? null, attempts]
  const { comm, user, processes } = actors()
  return [...what, firstNs, lastNs, comm, user, processes, words]
}
