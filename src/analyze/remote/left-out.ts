import { TcpconnError } from '../../base/errors.js'
import { formatPlural } from '../../text/format-number.js'
import { safeText } from '../../text/safe-text.js'
import type { FoundSession } from './read-sessions.js'
import { isIdRange } from './session-ids.js'

/** A session that is not part of an answer, since the source has of it what no recorder writes, or not all of it. */
export interface LeftOut {
  readonly host: string
  readonly uuid: string
  readonly reason: string
}

type OfHost = Pick<FoundSession, 'host' | 'uuid'>

/** Lines that name sessions; more are counted. */
const MAX_LINES = 20

/** Thrown when loaded sessions turn out to be faulty: the answer is made again without them. */
export class FaultySessions extends Error {
  readonly leftOut: readonly LeftOut[]
  constructor(leftOut: readonly LeftOut[]) {
    super('sessions of a server are faulty')
    this.leftOut = leftOut
  }
}

/** What is wrong with the numbers of a session; `null`: nothing. */
export function findFault({ sessionId, durationNs, pushed, batches }: FoundSession): string | null {
  const { firstAttemptId: first, attempts, minStartedNs: min, maxStartedNs: max, lost, writtenNs } = batches
  const counts = [sessionId, ...Object.values(pushed), ...lost]
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0))
    return 'its counts are not those of a session'
  if (attempts !== 0 && !isIdRange({ first, last: first + attempts - 1 }))
    return 'its ids of attempts are not those of a session'
  if ((durationNs ?? 0) < 0 || writtenNs < 0) return 'it ends before it begins'
  return min !== null && max !== null && max < min ? 'its last attempt is before its first one' : null
}

export function describeFault({ host, uuid }: OfHost, reason: string | null): LeftOut[] {
  return reason === null ? [] : [{ host, uuid, reason }]
}

/**
 * The UUID of a session is made from its host, so only a forged one belongs to two. Which one is not known.
 * @param all sessions of the selected hosts
 */
export function findForged(sessions: readonly OfHost[], all: readonly OfHost[]): LeftOut[] {
  const claimants = new Map<string, string[]>()
  for (const { uuid, host } of all) claimants.set(uuid, [...(claimants.get(uuid) ?? []), host])
  const forged = new Set(sessions.map(({ uuid }) => uuid).filter((uuid) => (claimants.get(uuid)?.length ?? 0) > 1))
  return [...forged].flatMap((uuid) => {
    const hosts = claimants.get(uuid) ?? []
    const reason = `${hosts.length} hosts have it, and all but one forged it: ${hosts.map((host) => safeText(host)).join(', ')}`
    return hosts.map((host) => ({ host, uuid, reason }))
  })
}

export function withoutThose<One extends OfHost>(sessions: readonly One[], leftOut: readonly OfHost[]): One[] {
  const keys = new Set(leftOut.map(({ host, uuid }) => `${uuid} ${host}`))
  return sessions.filter(({ host, uuid }) => !keys.has(`${uuid} ${host}`))
}

/** Lines above a result. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string[] {
  const lines = leftOut.slice(0, MAX_LINES).map(({ host, uuid, reason }) => {
    return `session ${uuid} of ${safeText(host)} is left out: ${reason}`
  })
  const more = leftOut.length - lines.length
  return more > 0 ? [...lines, `${formatPlural(more, 'more session')} left out for such reasons`] : lines
}

const HINTS = {
  server: 'push its trace again, or select other hosts; if it is forged, its column pushed_by names who pushed it',
  archive: 'export its trace again, or select other hosts; if it is forged, check who may write into the archive',
}

/** @param leftOut not empty */
export function nothingLeft(leftOut: readonly LeftOut[], source: keyof typeof HINTS): TcpconnError {
  const { host, uuid, reason } = leftOut[0] as LeftOut
  return new TcpconnError('E_FLEET_INCOMPLETE', {
    what:
      leftOut.length === 1
        ? `session ${uuid} of ${safeText(host)} cannot be read`
        : `none of the ${leftOut.length} sessions can be read`,
    reason: leftOut.length === 1 ? reason : `session ${uuid} of ${safeText(host)}: ${reason}`,
    hint: HINTS[source],
  })
}
