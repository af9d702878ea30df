import type { RemoteParts } from '../scan/remote-parts.js'
import { INEXACT } from '../scan/session-facts.js'
import { rangeQueries, type WantedAttempts } from './load-attempts.js'
import { numberOf, readRows } from './read-rows.js'
import type { RemoteSessionState, RemoteState } from './remote-state.js'

/** What is counted on the server, for sessions that are asked about. */
interface Counts extends Pick<RemoteParts, 'namedAttempts' | 'hasInexactTail'> {
  /** @returns whether anything was asked for */
  load(): Promise<boolean>
}

export function createCounts(state: RemoteState): Counts {
  const [named, inexact] = [new Map<number, number>(), new Map<number, boolean>()]
  const [wantedNamed, wantedInexact] = [new Set<number>(), new Set<number>()]
  const sessionAt = (sessionId: number) => state.sessions[sessionId - 1] as RemoteSessionState
  return {
    namedAttempts(sessionId) {
      if (!sessionAt(sessionId).found.hasDns) return 0
      const count = named.get(sessionId)
      if (count === undefined) wantedNamed.add(sessionId)
      return count ?? null
    },
    hasInexactTail(sessionId) {
      const known = inexact.get(sessionId)
      if (known === undefined) wantedInexact.add(sessionId)
      return known ?? false
    },
    async load() {
      if (wantedNamed.size + wantedInexact.size === 0) return false
      const counts = await countNamed(state, [...wantedNamed].map(sessionAt))
      const tails = await findInexactTails(state, [...wantedInexact].map(sessionAt))
      for (const sessionId of wantedNamed) named.set(sessionId, counts.get(sessionAt(sessionId)) ?? 0)
      for (const sessionId of wantedInexact) inexact.set(sessionId, tails.has(sessionAt(sessionId)))
      for (const wanted of [wantedNamed, wantedInexact]) wanted.clear()
      return true
    },
  }
}

/** Counts the attempts of sessions that have a DNS name. */
async function countNamed(
  state: RemoteState,
  sessions: readonly RemoteSessionState[],
): Promise<Map<RemoteSessionState, number>> {
  const wanted = sessions
    .filter(({ found }) => found.hasDns)
    .flatMap((session) => attemptsFrom(session, session.found.batches.firstAttemptId))
  return await countWhere(state, wanted, 'attempts FINAL', 'dns_name_id > 0')
}

/** The sessions that have an inexact attempt after their last window. Windows count those before. */
async function findInexactTails(
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
