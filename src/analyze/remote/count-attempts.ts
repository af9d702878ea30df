import { INEXACT } from '../scan/session-facts.js'
import { rangeQueries, type WantedAttempts } from './load-attempts.js'
import { numberOf, readRows } from './read-rows.js'
import type { RemoteSessionState, RemoteState } from './remote-state.js'

/** Counts the attempts of sessions that have a DNS name, on the server. */
export async function countNamed(
  state: RemoteState,
  sessions: readonly RemoteSessionState[],
): Promise<Map<RemoteSessionState, number>> {
  const wanted = sessions
    .filter(({ found }) => found.hasDns)
    .flatMap((session) => attemptsFrom(session, session.found.batches.firstAttemptId))
  const counts = await countWhere(state, wanted, 'attempts FINAL', 'dns_name_id > 0')
  return new Map(sessions.map((session) => [session, counts.get(session) ?? 0]))
}

/** The sessions that have an inexact attempt after their last window. Windows count those before. */
export async function findInexactTails(
  state: RemoteState,
  sessions: readonly RemoteSessionState[],
): Promise<ReadonlySet<RemoteSessionState>> {
  const wanted = sessions.flatMap((session) => {
    const { ids, windows, found } = session
    const end = windows.reduce((last, window) => Math.max(last, window.last_attempt_id + 1), 0)
    return attemptsFrom(session, Math.max(found.batches.firstAttemptId, end - ids.offsets.connect_attempt))
  })
  // Rows that were inserted twice make no difference.
  return new Set((await countWhere(state, wanted, 'attempts', `bitAnd(flags, ${INEXACT}) > 0`)).keys())
}

/** The attempts of a session from one on. @param first id in its own trace */
function attemptsFrom(session: RemoteSessionState, first: number): WantedAttempts[] {
  const { firstAttemptId, attempts } = session.found.batches
  const [offset, last] = [session.ids.offsets.connect_attempt, firstAttemptId + attempts - 1]
  return first > last ? [] : [{ session, ranges: [{ first: first + offset, last: last + offset }] }]
}

/** The number of attempts that meet a condition, of sessions that have any. */
async function countWhere(
  { server, byUuid }: RemoteState,
  wanted: readonly WantedAttempts[],
  table: 'attempts' | 'attempts FINAL',
  condition: string,
): Promise<Map<RemoteSessionState, number>> {
  const counts = new Map<RemoteSessionState, number>()
  for (const { where, values } of rangeQueries(wanted)) {
    const sql = `SELECT session_uuid, count() FROM ${table} WHERE ${where} AND ${condition} GROUP BY session_uuid`
    for await (const [uuid, count] of readRows(server, sql, values)) {
      const session = byUuid.get(String(uuid))
      if (session) counts.set(session, numberOf(count))
    }
  }
  return counts
}
