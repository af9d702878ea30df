import type { Server, StatementOptions } from '../../clickhouse/connect.js'
import { formatAddress } from '../../clickhouse/parse-url.js'
import { TcpconnError, UsageError } from '../../base/errors.js'
import { parseDuration } from '../../options/parse-duration.js'
import { parseTimes, type RawScope } from '../options/select-scope.js'
import { numberOf, readRows, type RemoteCell } from './read-rows.js'
import { describeFault, findFault, findForged, nothingLeft, withoutThose, type LeftOut } from './left-out.js'
import { requireHosts } from './require-hosts.js'
import { formatUnixNs, spanOf, touches } from './session-times.js'

/** What to take from a server, as typed. */
export interface RemoteChoice {
  /** Hosts; all by default */
  readonly host?: readonly string[]
}

/** A session on the server. Times in ns since it began, unless their name says Unix. */
export interface FoundSession {
  readonly host: string
  readonly uuid: string
  /** session_id in the file that it was recorded into */
  readonly sessionId: number
  readonly durationNs: number | null
  readonly clock: readonly { readonly sinceNs: number; readonly unixOffsetNs: bigint }[]
  /** Ids up to which everything is on the server */
  readonly pushed: {
    readonly attempt: number
    readonly batch: number
    readonly window: number
    readonly lookup: number
  }
  readonly isWhole: boolean
  readonly hasDns: boolean
  readonly batches: BatchSums
}

/** Sums over the batches of a session. */
export interface BatchSums {
  /** Of the attempts, which have consecutive ids */
  readonly firstAttemptId: number
  readonly attempts: number
  readonly minStartedNs: number | null
  readonly maxStartedNs: number | null
  readonly writtenNs: number
  /** By cause, in the order of `LOSSES` */
  readonly lost: readonly number[]
}

/** Columns of `batch` with lost attempts */
export const LOSSES = [
  'lost_ring_full_count',
  'lost_map_full_count',
  'lost_writer_behind_count',
  'lost_missed_count',
  'lost_skipped_count',
] as const

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
  if (sound.length === 0) throw nothingLeft(unsound)
  const { since, until } = parseTimes(resolveAgo(raw), () => spanOf(sound))
  const touching = sound.filter((session) => touches(session, since, until))
  const leftOut = [...unsound, ...findForged(touching, found)]
  const sessions = withoutThose(touching, leftOut)
  if (touching.length === 0) throw noData(server, 'no session of the selected hosts has something of this time')
  if (sessions.length === 0) throw nothingLeft(leftOut)
  return { sessions, since, until, leftOut }
}

function parseSessions(text: string | undefined): string[] | null {
  if (text === undefined || text === 'all') return null
  const uuids = text.toLowerCase().split(',')
  if (uuids.every((uuid) => UUID.test(uuid))) return uuids
  throw new UsageError('--session', text, 'with --from: all, or UUIDs of sessions, separated by commas')
}

/** `1h` is an hour ago. So is the last hour: the last time of the sessions would be that of the host whose clock is ahead most. */
function resolveAgo({ since, until, last }: RawScope): Pick<RawScope, 'since' | 'until' | 'last'> {
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

async function readSessions(server: Server, hosts: readonly string[], uuids: readonly string[] | null) {
  const conditions = [
    ...(hosts.length > 0 ? ['host IN {hosts:Array(String)}'] : []),
    ...(uuids === null ? [] : ['session_uuid IN {uuids:Array(UUID)}']),
  ]
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const values = { hosts, uuids: uuids ?? [] }
  const [batches, clocks] = await Promise.all([readBatches(server, where, values), readClocks(server, where, values)])
  const sql = `SELECT host, session_uuid, session_id, duration_ns, dns_source IS NOT NULL, pushed_attempt_id, pushed_batch_id,
    pushed_window_id, pushed_lookup_id, is_whole FROM trace_session FINAL${where} ORDER BY host, started_unix_ns, session_id, session_uuid`
  const sessions: FoundSession[] = []
  for await (const row of readRows(server, sql, values)) {
    const [host, uuid, sessionId, duration, hasDns, attempt, batch, window, lookup, isWhole] = row
    const key = keyOf(host, uuid)
    const clock = clocks.get(key)
    // The row of a session is pushed last.
    if (clock === undefined) continue
    sessions.push({
      host: String(host),
      uuid: String(uuid),
      sessionId: numberOf(sessionId),
      durationNs: duration === null ? null : numberOf(duration),
      clock,
      pushed: {
        attempt: numberOf(attempt),
        batch: numberOf(batch),
        window: numberOf(window),
        lookup: numberOf(lookup),
      },
      isWhole: numberOf(isWhole) === 1,
      hasDns: numberOf(hasDns) === 1,
      batches: batches.get(key) ?? NO_BATCHES,
    })
  }
  return sessions
}

/** A UUID alone is no key: another host may have pushed rows with it. UUIDs have one length. */
function keyOf(host: RemoteCell | undefined, uuid: RemoteCell | undefined): string {
  return `${uuid} ${host}`
}

const NO_BATCHES: BatchSums = {
  firstAttemptId: 1,
  attempts: 0,
  minStartedNs: null,
  maxStartedNs: null,
  writtenNs: 0,
  lost: LOSSES.map(() => 0),
}

async function readClocks(server: Server, where: string, values: NonNullable<StatementOptions['values']>) {
  const sql = `SELECT host, session_uuid, since_ns, unix_offset_ns FROM trace_clock_offset FINAL${where}
    ORDER BY host, session_uuid, since_ns`
  const clocks = new Map<string, { sinceNs: number; unixOffsetNs: bigint }[]>()
  for await (const [host, uuid, since, offset] of readRows(server, sql, values)) {
    const key = keyOf(host, uuid)
    const clock = clocks.get(key) ?? []
    clocks.set(key, clock)
    clock.push({ sinceNs: numberOf(since), unixOffsetNs: BigInt(offset ?? 0) })
  }
  return clocks
}

/** Batches after the last one of the session's row are pushed, but not all that belongs to them. */
async function readBatches(server: Server, where: string, values: NonNullable<StatementOptions['values']>) {
  const sql = `SELECT host, session_uuid, minIf(first_attempt_id, attempt_count > 0), sum(attempt_count), min(min_started_ns), max(max_started_ns),
    max(written_ns), ${LOSSES.map((column) => `sum(${column})`).join(', ')}
    FROM (SELECT * FROM trace_batch FINAL${where}) AS b
    GLOBAL INNER JOIN (SELECT host, session_uuid, pushed_batch_id FROM trace_session FINAL${where}) AS s USING (host, session_uuid)
    WHERE batch_id <= pushed_batch_id GROUP BY host, session_uuid`
  const batches = new Map<string, BatchSums>()
  const orNull = (cell: string | number | null | undefined) => (cell === null ? null : numberOf(cell))
  for await (const [host, uuid, first, attempts, min, max, written, ...lost] of readRows(server, sql, values)) {
    batches.set(keyOf(host, uuid), {
      firstAttemptId: numberOf(first),
      attempts: numberOf(attempts),
      minStartedNs: orNull(min),
      maxStartedNs: orNull(max),
      writtenNs: numberOf(written),
      lost: lost.map(numberOf),
    })
  }
  return batches
}

function noData(server: Server, reason: string): TcpconnError {
  return new TcpconnError('E_FLEET_NO_DATA', {
    what: `${formatAddress(server.address)} has no data for this`,
    reason,
    hint: 'select another time with --since and --until, or other hosts with --host; docs/fleet.md: tcpconn push',
  })
}
