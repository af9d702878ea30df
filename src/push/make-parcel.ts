import type { Database } from 'better-sqlite3'
import type { Compress } from '../analyze/export/parquet/zstd.js'
import type { AttemptTable } from '../analyze/export/rows/attempt-table.js'
import { putInt64 } from '../clickhouse/row-binary.js'
import { putByte, writtenBytes } from '../sums/byte-buffer.js'
import { createRowCollector, type RowCollector } from './collect-rows.js'
import type { EncodedRows } from './copied-rows.js'
import { encodeAttempts, type EncodedAttempts, type EntityIds } from './encode-attempts.js'
import { findBatches } from './find-batches.js'
import { addWindows } from './add-windows.js'
import type { SentRows } from './sent-rows.js'
import type { SessionProgress } from './session-progress.js'
import type { SessionSource } from './session-source.js'

/** The next part of a session, to be sent in the order of its fields. */
export interface Parcel {
  /** Rows that attempts refer to: sent first, since the server counts an attempt as stored without looking for them */
  readonly entities: readonly EncodedRows[]
  readonly attempts: EncodedAttempts | null
  /** Rows of the other tables */
  readonly rows: readonly EncodedRows[]
  /** The row of the session, with how far it is on the server then: sent last */
  readonly session: EncodedRows
  /** The same for this process */
  readonly after: Pick<SessionProgress, 'attemptId' | 'batchId' | 'windowId' | 'lookupId' | 'isWhole'>
}

/** How this process pushes a session. */
export interface PushState {
  readonly progress: SessionProgress
  readonly sent: SentRows
}

const MAX_LOOKUPS = 100_000
const MAX_PROCESSES = 50_000

/**
 * Reads the next part of a session.
 * @param table of the session, with the restoring columns
 * @returns `null`: the server has everything that can be pushed now
 * @throws E_DAMAGED_TRACE
 */
export async function makeParcel(
  { part, name, untilNs, isOver }: SessionSource,
  table: AttemptTable,
  { progress, sent }: PushState,
  compress: Compress,
): Promise<Parcel | null> {
  const { trace, sessionId } = part
  const db = trace.lookup
  const batches = findBatches(db, sessionId, progress, untilNs)
  const encoded = batches.attempts === null ? null : await encodeAttempts(table, batches.attempts, compress, trace.path)
  const attemptId = batches.attempts?.last ?? progress.attemptId
  const [entities, collector] = [createRowCollector(db, name), createRowCollector(db, name)]
  if (encoded !== null) addEntities(entities, sent, encoded.ids)
  const batchIds = [progress.batchId, batches.lastBatchId] as const
  collector.addWhere('batch', 'WHERE session_id = ? AND batch_id > ? AND batch_id <= ?', sessionId, ...batchIds)
  const windows = addWindows(db, collector, sessionId, { progress, attemptId })
  const lookups = addLookups(db, collector, { entities, sent }, sessionId, progress.lookupId)
  addChangingRows(entities, sent, sessionId)
  const isAtEnd = untilNs === Infinity && batches.isAll && windows.isAll && lookups.count < MAX_LOOKUPS
  const isSettled = isAtEnd && isOver && settleProcesses(db, entities, { progress, sent }, sessionId)
  const after = {
    attemptId,
    batchId: batches.lastBatchId,
    windowId: windows.lastId,
    lookupId: lookups.lastId,
    isWhole: isSettled,
  }
  const session = encodeSession(db, sessionId, name, after)
  const isNew = sent.addRow('session', writtenBytes(session.buffer))
  const parcel = { entities: entities.collected, attempts: encoded, rows: collector.collected, session, after }
  return isNew || parcel.entities.length > 0 || parcel.rows.length > 0 ? parcel : null
}

/** The rows that attempts refer to, unless this process has sent them. */
function addEntities(collector: RowCollector, sent: SentRows, ids: EntityIds): void {
  const fresh = (set: { add(id: number): boolean }, list: readonly number[]) => list.filter((id) => set.add(id))
  const processes = fresh(sent.process, ids.process)
  collector.addIds('process', [...processes, ...sent.recent])
  sent.recent = processes
  collector.addIds('endpoint', fresh(sent.endpoint, [...ids.endpoint, ...ids.natEndpoint, ...ids.serviceEndpoint]))
  collector.addIds('local_address', fresh(sent.localAddress, ids.localAddress))
  collector.addIds('dns_name', fresh(sent.dnsName, ids.dnsName))
}

/** Rows that may get names later, and the addresses of names. There are few of them. */
function addChangingRows(collector: RowCollector, sent: SentRows, sessionId: number): void {
  for (const table of ['clock_offset', 'container', 'container_address', 'cgroup'] as const) {
    collector.addChanged(table, sent, 'WHERE session_id = ?', sessionId)
  }
  const addresses = collector.addChanged('dns_address', sent, 'WHERE session_id = ?', sessionId)
  collector.addIds('dns_name', new Set(addresses.map((row) => Number(row[1])).filter((id) => sent.dnsName.add(id))))
}

function addLookups(
  db: Database,
  collector: RowCollector,
  { entities, sent }: { readonly entities: RowCollector; readonly sent: SentRows },
  sessionId: number,
  after: number,
) {
  const condition = `WHERE lookup_id IN (SELECT lookup_id FROM dns_lookup WHERE session_id = ? AND lookup_id > ? ORDER BY lookup_id LIMIT ${MAX_LOOKUPS})`
  const count = collector.addWhere('dns_lookup', condition, sessionId, after)
  if (count === 0) return { count, lastId: after }
  const found = db.prepare(`SELECT max(lookup_id) FROM dns_lookup ${condition}`).pluck().get(sessionId, after)
  const names = db
    .prepare(`SELECT DISTINCT dns_name_id FROM dns_lookup ${condition}`)
    .pluck()
    .all(sessionId, after) as number[]
  entities.addIds(
    'dns_name',
    names.filter((id) => sent.dnsName.add(id)),
  )
  return { count, lastId: Number(found) }
}

/**
 * After the end: processes without an attempt, and all of them if rows were pushed while the session was recorded.
 * @returns whether these are the last ones
 */
function settleProcesses(db: Database, collector: RowCollector, { progress, sent }: PushState, sessionId: number) {
  const ids = db
    .prepare('SELECT process_id FROM process WHERE session_id = ? AND process_id > ? ORDER BY process_id LIMIT ?')
    .pluck()
    .all(sessionId, sent.settledProcessId, MAX_PROCESSES) as number[]
  sent.settledProcessId = ids.at(-1) ?? sent.settledProcessId
  collector.addIds(
    'process',
    ids.filter((id) => sent.process.add(id) || progress.wasRunning),
  )
  return ids.length < MAX_PROCESSES
}

function encodeSession(
  db: Database,
  sessionId: number,
  name: SessionSource['name'],
  after: Parcel['after'],
): EncodedRows {
  const collector = createRowCollector(db, name)
  collector.addWhere('session', 'WHERE session_id = ?', sessionId)
  const session = collector.collected[0]!
  const formatVersion = db.pragma('user_version', { simple: true }) as number
  // In the order of PROGRESS_COLUMNS.
  const ids = [formatVersion, after.attemptId, after.batchId, after.windowId, after.lookupId]
  for (const id of ids) putInt64(session.buffer, BigInt(id))
  putByte(session.buffer, after.isWhole ? 1 : 0)
  return session
}
