import { LOSS_COLUMNS } from '../../attempt/loss-causes.js'
import type { Server, StatementOptions } from '../../clickhouse/connect.js'
import { numberOf, readRows, type RemoteCell } from './read-rows.js'

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
  /** By cause, in the order of `LOSS_COLUMNS` */
  readonly lost: readonly number[]
}

/** The sessions of hosts, by host and start. @param hosts none: all */
export async function readSessions(server: Server, hosts: readonly string[], uuids: readonly string[] | null) {
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
  lost: LOSS_COLUMNS.map(() => 0),
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
    max(written_ns), ${LOSS_COLUMNS.map((column) => `sum(${column})`).join(', ')}
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
