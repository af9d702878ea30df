import type { IdRange } from '../scan/plan-scan.js'
import type { AttemptConditions } from './attempt-conditions.js'
import { numberOf, readRows, type RemoteRow } from './read-rows.js'
import type { RemoteSessionState, RemoteState } from './remote-state.js'
import { createRowWriter } from './row-writer.js'

/** Ids of attempts of a session, as in the trace. */
export interface WantedAttempts {
  readonly session: RemoteSessionState
  readonly ranges: readonly IdRange[]
}

/** Id ranges per query: planning takes longer than the square of their number. */
const RANGES_PER_QUERY = 50

/** Columns of connect_attempt, connect_dns and connect_nat as SQL over the table `attempts`. */
const ATTEMPT = [
  'attempt_id',
  'session_ns',
  'latency_ns',
  'toInt8(outcome)',
  'errno',
  'syn_retransmits',
  'flags',
  'process_id',
  'toInt64(ifnull(tid, 0)) - toInt64(ifnull(pid, 0))',
  'endpoint_id',
  'local_address_id',
  'ifnull(local_port, 0)',
] as const
const NAME = ['dns_name_id', 'dns_age_ns', 'dns_lookup_ns', 'dns_candidates'] as const
const NAT = ['nat_endpoint_id', 'service_endpoint_id'] as const

/**
 * Loads attempts, with their DNS names and other addresses.
 * @returns how many attempts the server lacks, by session
 */
export async function loadAttempts(
  state: RemoteState,
  wanted: readonly WantedAttempts[],
  conditions: AttemptConditions,
): Promise<Map<RemoteSessionState, number>> {
  const missing = new Map<RemoteSessionState, number>()
  const write = createAttemptWriter(state)
  for (const query of rangeQueries(wanted)) {
    const where = [query.where, ...conditions.conditions].join(' AND ')
    const values = { ...query.values, ...conditions.values }
    const sql = `SELECT session_uuid, ${[...ATTEMPT, ...NAME, ...NAT].join(', ')} FROM attempts WHERE ${where}`
    for await (const [uuid, ...row] of readRows(state.server, sql, values)) {
      const session = state.byUuid.get(String(uuid))
      if (session) write(session, row)
    }
    const isWhole = conditions.conditions.length === 0
    for (const [session, count] of isWhole ? countNotLoaded(state, query) : await countMissing(state, query)) {
      missing.set(session, (missing.get(session) ?? 0) + count)
    }
  }
  return missing
}

/** Some ranges, and their attempts as a condition. */
export interface RangeQuery {
  readonly where: string
  readonly values: Readonly<Record<string, string>>
  readonly ranges: readonly (IdRange & { readonly session: RemoteSessionState })[]
}

/**
 * Splits ranges into queries of limited length. Names of hosts are bound parameters. UUIDs and ids are part of the SQL, which is safe:
 * they come from columns of the types UUID and Int64.
 */
export function* rangeQueries(wanted: readonly WantedAttempts[]): Generator<RangeQuery> {
  const all = wanted.flatMap(({ session, ranges }) => ranges.map((range) => ({ session, ...range })))
  for (let at = 0; at < all.length; at += RANGES_PER_QUERY) {
    const ranges = all.slice(at, at + RANGES_PER_QUERY)
    const hosts = [...new Set(ranges.map(({ session }) => session.ids.host))]
    const conditions = ranges.map(({ session: { ids }, first, last }) => {
      const offset = ids.offsets.connect_attempt
      return `host = {host${hosts.indexOf(ids.host)}:String} AND session_uuid = '${ids.uuid}' AND attempt_id BETWEEN ${first - offset} AND ${last - offset}`
    })
    const names = hosts.map((_, i) => `{host${i}:String}`)
    yield {
      where: `host IN (${names.join(', ')}) AND (${conditions.join(' OR ')})`,
      values: Object.fromEntries(hosts.map((host, i) => [`host${i}`, host])),
      ranges,
    }
  }
}

/** The same for attempts without conditions, which are all in the trace. */
function countNotLoaded({ db }: RemoteState, { ranges }: RangeQuery): Map<RemoteSessionState, number> {
  const count = db.prepare('SELECT count(*) FROM connect_attempt WHERE attempt_id BETWEEN ? AND ?').pluck()
  const missing = new Map<RemoteSessionState, number>()
  for (const { session, first, last } of ranges) {
    const lacking = last - first + 1 - (count.get(first, last) as number)
    if (lacking > 0) missing.set(session, (missing.get(session) ?? 0) + lacking)
  }
  return missing
}

/** Attempts that are older than the retention of the server, or that someone removed there. */
async function countMissing(
  { server, byUuid }: RemoteState,
  { where, values, ranges }: RangeQuery,
): Promise<Map<RemoteSessionState, number>> {
  const missing = new Map<RemoteSessionState, number>()
  for (const { session, first, last } of ranges) missing.set(session, (missing.get(session) ?? 0) + last - first + 1)
  const sql = `SELECT session_uuid, uniqExact(attempt_id) FROM attempts WHERE ${where} GROUP BY session_uuid`
  for await (const [uuid, count] of readRows(server, sql, values)) {
    const session = byUuid.get(String(uuid))
    if (session) missing.set(session, (missing.get(session) ?? 0) - numberOf(count))
  }
  for (const [session, count] of missing) if (count <= 0) missing.delete(session)
  return missing
}

/** Rows that were inserted twice replace each other. */
function createAttemptWriter({ db }: RemoteState): (session: RemoteSessionState, row: RemoteRow) => void {
  const attempt = createRowWriter(db, 'connect_attempt', [
    'attempt_id',
    'started_ns',
    'latency_ns',
    'outcome',
    'errno',
    'syn_retransmits',
    'flags',
    'process_id',
    'tid_delta',
    'endpoint_id',
    'local_endpoint',
    'session_id',
  ])
  const name = createRowWriter(db, 'connect_dns', ['attempt_id', ...NAME])
  const nat = createRowWriter(db, 'connect_nat', ['attempt_id', ...NAT])
  return ({ ids }, row) => {
    const id = row[0] as string
    const own = row.slice(0, ATTEMPT.length - 2)
    const address = ids.merged.local_address.get(numberOf(row[ATTEMPT.length - 2])) ?? 0
    attempt(ids, [...own, address * 65_536 + numberOf(row[ATTEMPT.length - 1]), ids.sessionId])
    const names = row.slice(ATTEMPT.length, ATTEMPT.length + NAME.length)
    if (numberOf(names[0]) > 0) name(ids, [id, ...names])
    const others = row.slice(ATTEMPT.length + NAME.length).map((cell) => (numberOf(cell) === 0 ? null : cell))
    if (others.some((cell) => cell !== null)) nat(ids, [id, ...others])
  }
}
