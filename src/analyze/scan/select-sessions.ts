import type { Database } from 'better-sqlite3'
import { TcpconnError, UsageError } from '../../base/errors.js'
import { formatPlural } from '../../text/format-number.js'
import { safeText } from '../../text/safe-text.js'
import { queries, selectAll } from './query-builder.js'
import type { Trace } from './trace.js'

/**
 * Ids of the sessions that a query covers.
 * @param choice the number of a session, `all`, or `undefined` for the newest
 * @throws E_USAGE if the trace does not have the session, E_NO_SESSION for a trace without sessions
 */
export function selectSessions(db: Database, choice: string | undefined): number[] {
  const ids = selectAll(db, queries.selectFrom('session').select('session_id').orderBy('session_id'))
  const all = ids.map((row) => row.session_id)
  const newest = all.at(-1)
  if (newest === undefined) {
    if (db.pragma('journal_mode', { simple: true }) === 'wal') throw cutOff(db.name)
    throw new TcpconnError('E_NO_SESSION', {
      what: 'there is nothing to analyze',
      reason: 'the trace has no session',
      hint: 'record one into it: sudo tcpconn record FILE',
    })
  }
  if (choice === undefined) return [newest]
  if (choice === 'all') return all
  if (/^\d+$/.test(choice) && all.includes(Number(choice))) return [Number(choice)]
  throw new UsageError('--session', choice, `all, or a session of this trace: ${describe(all)}`)
}

/** A line for each trace with earlier sessions that are left out because no session was given. */
export function describeEarlierSessions(
  traces: readonly Trace[],
  { session }: { readonly session?: string },
): string[] {
  if (session !== undefined) return []
  return traces.flatMap(({ db, path }) => {
    const query = queries.selectFrom('session').select(({ fn }) => fn.countAll<number>().as('count'))
    const earlier = Number(selectAll(db, query)[0]?.count ?? 0) - 1
    if (earlier < 1) return []
    const name = traces.length > 1 ? `${safeText(path)}: ` : ''
    return [`${name}only the newest session: ${formatPlural(earlier, 'earlier session')} left out (--session all)`]
  })
}

function describe(ids: readonly number[]): string {
  return ids.length > 10 ? `${ids[0]} to ${ids.at(-1)}` : ids.join(', ')
}

/** A copy of FILE without FILE-wal, which contained all data. */
function cutOff(path: string): TcpconnError {
  return new TcpconnError('E_NO_SESSION', {
    what: 'there is nothing to analyze',
    reason: `${path} was not closed, and holds no session without its log ${path}-wal`,
    hint: `copy ${path}-wal together with the trace`,
  })
}
