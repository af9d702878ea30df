import type { Server } from '../../clickhouse/connect.js'
import { formatServerAddress } from '../../clickhouse/parse-url.js'
import { TcpconnError, UsageError } from '../../base/errors.js'
import { parseDuration } from '../../options/parse-duration.js'
import { parseTimes, type RawScope } from '../options/select-scope.js'
import { readSessions, type FoundSession } from './read-sessions.js'
import { describeFault, findFault, findForged, nothingLeft, withoutThose, type LeftOut } from './left-out.js'
import { requireHosts } from './require-hosts.js'
import { formatUnixNs, spanOfSessions, touches } from './session-times.js'

/** What to take from a server, as typed. */
export interface RemoteChoice {
  /** Hosts; all by default */
  readonly host?: readonly string[]
}

/** The sessions of an answer, by host and start, and the time that is asked for in Unix ns. */
export interface Selection {
  readonly sessions: readonly FoundSession[]
  readonly since: bigint | null
  readonly until: bigint | null
  /** Sessions that the options select and that cannot be read */
  readonly leftOut: readonly LeftOut[]
}

/** Sessions per query: their UUIDs are bound parameters, which are sent in the URL. */
export const SESSIONS_PER_QUERY = 500
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Finds the sessions of the hosts that have something of the time. `--session` takes UUIDs, and times like `1h` are before now.
 * @throws UsageError, E_FLEET_NO_HOST, E_FLEET_NO_DATA
 */
export async function findSessions(
  server: Server,
  { host: hosts = [] }: RemoteChoice,
  raw: RawScope,
): Promise<Selection> {
  const uuids = parseSessions(raw.session)
  const found = await readSessions(server, hosts, uuids)
  await requireHosts(server, hosts, found)
  const missing = uuids?.find((uuid) => !found.some((session) => session.uuid === uuid))
  if (missing !== undefined)
    throw new UsageError('--session', missing, 'all, or UUIDs of sessions of the selected hosts')
  if (found.length === 0) throw noData(server, 'no host has pushed a session')
  const unsound = found.flatMap((session) => describeFault(session, findFault(session)))
  const sound = withoutThose(found, unsound)
  if (sound.length === 0) throw nothingLeft(unsound, 'server')
  const { since, until } = parseTimes(resolveAgo(raw), () => spanOfSessions(sound))
  const touching = sound.filter((session) => touches(session, since, until))
  const leftOut = [...unsound, ...findForged(touching, found)]
  const sessions = withoutThose(touching, leftOut)
  if (touching.length === 0) throw noData(server, 'no session of the selected hosts has something of this time')
  if (sessions.length === 0) throw nothingLeft(leftOut, 'server')
  return { sessions, since, until, leftOut }
}

export function parseSessions(text: string | undefined): string[] | null {
  if (text === undefined || text === 'all') return null
  const uuids = text.toLowerCase().split(',')
  if (uuids.every((uuid) => UUID.test(uuid))) return uuids
  throw new UsageError('--session', text, 'with --from: all, or UUIDs of sessions, separated by commas')
}

/** `1h` is an hour ago. So is the last hour: the last time of the sessions would be that of the host whose clock is ahead most. */
export function resolveAgo({ since, until, last }: RawScope): Pick<RawScope, 'since' | 'until' | 'last'> {
  const now = BigInt(Date.now()) * 1_000_000n
  const resolve = (text: string | undefined) => {
    const ago = text === undefined ? null : parseDuration(text)
    return ago === null ? text : formatUnixNs(now - BigInt(ago))
  }
  // Others are reported later.
  const isLast = since === undefined && last !== undefined && (parseDuration(last) ?? 0) > 0
  if (isLast) return definedOnly({ since: resolve(last), until: resolve(until) })
  return definedOnly({ since: resolve(since), until: resolve(until), last })
}

/** Without the options that are not set. */
export function definedOnly<Options extends Record<string, string | undefined>>(options: Options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Options]?: string
  }
}

function noData(server: Server, reason: string): TcpconnError {
  return new TcpconnError('E_FLEET_NO_DATA', {
    what: `${formatServerAddress(server.address)} has no data for this`,
    reason,
    hint: 'select another time with --since and --until, or other hosts with --host; docs/fleet.md: tcpconn push',
  })
}
