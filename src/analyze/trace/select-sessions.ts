import type { Database } from 'better-sqlite3'
import { TcpconnError, UsageError } from '../../errors.js'
import { queries, selectAll } from './query-builder.js'

/**
 * Ids of the sessions that a query covers.
 * @param choice a session's number, `all`, or `undefined` for the newest
 * @throws E_USAGE for a session that the trace does not have, E_NO_SESSION for a trace without any
 */
export function selectSessions(db: Database, choice: string | undefined): number[] {
  const ids = selectAll(db, queries.selectFrom('session').select('session_id').orderBy('session_id'))
  const all = ids.map((row) => row.session_id)
  const newest = all.at(-1)
  if (newest === undefined) {
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

function describe(ids: readonly number[]): string {
  return ids.length > 10 ? `${ids[0]} to ${ids.at(-1)}` : ids.join(', ')
}
