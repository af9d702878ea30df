import type { Server } from '../clickhouse/connect.js'
import { TcpconnError } from '../base/errors.js'
import type { SessionName } from './copied-rows.js'

/** How far a session is on the server. Ids are 0 before the first row. */
export interface SessionProgress {
  attemptId: number
  batchId: number
  windowId: number
  lookupId: number
  /** Roll-ups that the server has, as `rollupKey` names them */
  readonly rollups: Set<string>
  /** Nothing will change any more. */
  isWhole: boolean
  /** Rows were pushed before the session had an end: some of them may have changed. */
  wasRunning: boolean
}

export function rollupKey(firstWindowId: number | string, lastWindowId: number | string, dimension: string): string {
  return `${firstWindowId} ${lastWindowId} ${dimension}`
}

/** 64-bit integers are texts. */
interface ProgressRow {
  pushed_attempt_id: string
  pushed_batch_id: string
  pushed_window_id: string
  pushed_lookup_id: string
  is_whole: number
  is_running: number
  sharing: string | null
}

const NOTHING: ProgressRow = {
  pushed_attempt_id: '0',
  pushed_batch_id: '0',
  pushed_window_id: '0',
  pushed_lookup_id: '0',
  is_whole: 0,
  is_running: 0,
  sharing: null,
}

const OF_SESSION = 'WHERE host = {host:String} AND session_uuid = {uuid:UUID}'

/** What identifies the contents of a session in its trace. */
export interface SessionContents {
  /** Id of its first attempt */
  readonly firstId: number
  /** A shared trace and its original are not the same. */
  readonly sharing: string | null
}

/**
 * Asks the server how far a session is: there is no other record of it.
 * @throws E_FLEET_OTHER_COPY, and the errors of `serverFault`
 */
export async function readProgress(
  server: Server,
  { host, uuid }: SessionName,
  { firstId, sharing }: SessionContents,
): Promise<SessionProgress> {
  const values = { host, uuid }
  const [row] = await server.query<ProgressRow>(
    `SELECT pushed_attempt_id, pushed_batch_id, pushed_window_id, pushed_lookup_id, is_whole, duration_ns IS NULL AS is_running, sharing
     FROM trace_session FINAL ${OF_SESSION}`,
    { values },
  )
  if (row !== undefined && row.sharing !== sharing) throw otherCopy(host)
  const known = row ?? NOTHING
  const acknowledged = Number(known.pushed_attempt_id)
  const isWhole = known.is_whole === 1
  return {
    attemptId: isWhole ? acknowledged : await findEnd(server, values, acknowledged, firstId),
    batchId: Number(known.pushed_batch_id),
    windowId: Number(known.pushed_window_id),
    lookupId: Number(known.pushed_lookup_id),
    rollups: new Set(isWhole ? [] : await readRollups(server, values)),
    isWhole,
    wasRunning: known.is_running === 1,
  }
}

/**
 * The end of the attempts that are on the server. A batch may be stored though its acknowledgement was lost. It counts only if none of
 * its attempts is missing: a batch of two days is stored in two parts.
 */
async function findEnd(
  server: Server,
  values: { host: string; uuid: string },
  acknowledged: number,
  firstId: number,
): Promise<number> {
  const [row] = await server.query<{ first: string; last: string; stored: string }>(
    `SELECT min(attempt_id) AS first, max(attempt_id) AS last, uniqExact(attempt_id) AS stored FROM attempts ${OF_SESSION}
     AND attempt_id > {acknowledged:Int64}`,
    { values: { ...values, acknowledged } },
  )
  const [first, last, stored] = [Number(row?.first ?? 0), Number(row?.last ?? 0), Number(row?.stored ?? 0)]
  const isNext = first === Math.max(acknowledged + 1, firstId)
  return stored > 0 && isNext && last - first + 1 === stored ? last : acknowledged
}

async function readRollups(server: Server, values: { host: string; uuid: string }): Promise<string[]> {
  const rows = await server.query<{ first_window_id: string; last_window_id: string; dimension: string }>(
    `SELECT first_window_id, last_window_id, dimension FROM trace_window_rollup ${OF_SESSION}`,
    { values },
  )
  return rows.map((row) => rollupKey(row.first_window_id, row.last_window_id, row.dimension))
}

function otherCopy(host: string): TcpconnError {
  return new TcpconnError('E_FLEET_OTHER_COPY', {
    what: `cannot push a session of ${host}`,
    reason: 'the server has the same session with other names: one of the two is a shared trace',
    hint: 'push either the original or the shared trace',
  })
}
