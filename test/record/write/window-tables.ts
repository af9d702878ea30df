import type { Database } from 'better-sqlite3'
import { expect } from 'vitest'
import { bucketOf } from '../../../src/sums/latency-histogram.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { decodeBuckets, decodeIds } from '../../store/decode-blobs.js'
import { expandSums } from '../../store/expand-sums.js'

type Row = (number | null)[]
type BlobRow = [windowId: number, key: number, blob: Uint8Array]

/** The tables of windows, the column that they sum up by, and its expression over attempts. */
const TABLES = [
  ['endpoint_latency', 'endpoint_id', 'a.endpoint_id'],
  ['process_latency', 'process_id', 'a.process_id'],
  ['second_latency', 'unix_second', '(s.started_unix_ns + a.started_ns) / 1000000000'],
] as const

/** Every attempt of a window, with its session. */
const ATTEMPTS = `latency_window AS w JOIN session AS s USING (session_id) JOIN connect_attempt AS a
  ON a.session_id = w.session_id AND a.attempt_id BETWEEN w.first_attempt_id AND w.last_attempt_id`

const SUMS = [
  ...OUTCOMES.map((_, outcome) => `sum(a.outcome = ${outcome})`),
  'sum(ifnull(a.syn_retransmits, 0))',
  'max(iif(a.outcome = 0, a.latency_ns, NULL))',
].join()
const SUM_COLUMNS = [...OUTCOMES, 'syn_retransmits', 'max_latency_ns'].join()

/** Checks that the tables of each window equal the sums of its attempts. */
export function expectWindowTables(db: Database): void {
  expandSums(db)
  for (const [table, column, key] of TABLES) {
    const stored = select<Row>(db, `SELECT window_id, ${column}, ${SUM_COLUMNS} FROM ${table} ORDER BY 1, 2`)
    expect(stored).toEqual(select<Row>(db, `SELECT window_id, ${key}, ${SUMS} FROM ${ATTEMPTS} GROUP BY 1, 2`))
    expect(storedBuckets(db, table, column)).toEqual(attemptBuckets(db, key))
  }
  expect(storedEndpoints(db)).toEqual(
    select<Row>(db, `SELECT DISTINCT window_id, a.process_id, a.endpoint_id FROM ${ATTEMPTS} ORDER BY 1, 2, 3`),
  )
}

/** Counts by window and key, then by bucket; leaves out rows without buckets. */
function storedBuckets(db: Database, table: string, column: string) {
  const rows = select<BlobRow>(db, `SELECT window_id, ${column}, buckets FROM ${table} WHERE buckets IS NOT NULL`)
  return new Map(rows.map(([windowId, key, buckets]) => [`${windowId} ${key}`, decodeBuckets(buckets)]))
}

function attemptBuckets(db: Database, key: string) {
  const byKey = new Map<string, Map<number, number>>()
  const rows = select<number[]>(
    db,
    `SELECT window_id, ${key}, a.latency_ns FROM ${ATTEMPTS}
    WHERE a.outcome = 0 AND a.latency_ns IS NOT NULL`,
  )
  for (const [windowId, value, latencyNs] of rows) {
    const counts = byKey.get(`${windowId} ${value}`) ?? new Map<number, number>()
    const bucket = bucketOf(latencyNs as number)
    byKey.set(`${windowId} ${value}`, counts.set(bucket, (counts.get(bucket) ?? 0) + 1))
  }
  return byKey
}

/** Window, process and endpoint, in the order in which they are stored. */
function storedEndpoints(db: Database): number[][] {
  const rows = select<BlobRow>(db, 'SELECT window_id, process_id, endpoint_ids FROM process_latency ORDER BY 1, 2')
  return rows.flatMap(([windowId, processId, ids]) => decodeIds(ids).map((id) => [windowId, processId, id]))
}

function select<T>(db: Database, sql: string): T[] {
  return db.prepare(sql).raw().all() as T[]
}
