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

function describe(ids: readonly number[]): string {
  return ids.length > 10 ? `${ids[0]} to ${ids.at(-1)}` : ids.join(', ')
}

/** A copy of FILE alone, while FILE-wal still held everything. */
function cutOff(path: string): TcpconnError {
  return new TcpconnError('E_NO_SESSION', {
    what: 'there is nothing to analyze',
    reason: `${path} was not closed, and holds no session without its log ${path}-wal`,
    hint: `copy ${path}-wal together with the trace`,
  })
}
