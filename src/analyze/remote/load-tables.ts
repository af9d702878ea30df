import { FLEET_TABLES } from '../../fleet/trace-tables.js'
import type { IdRange } from '../scan/plan-scan.js'
import { numberOf, readRows } from './read-rows.js'
import { ofSession, selectColumns, sessionQueries, type RemoteState } from './remote-state.js'
import { createMergingWriter, createRowWriter } from './row-writer.js'

/** Tables that are loaded when something reads them. Later ones refer to earlier ones. */
export const LAZY_TABLES = [
  'container',
  'container_address',
  'cgroup',
  'process',
  'endpoint',
  'local_address',
  'dns_name',
  'dns_lookup',
  'dns_address',
] as const
export type LazyTable = (typeof LAZY_TABLES)[number]

/** What is loaded before a table, and with it. */
export const NEEDED: Partial<Record<LazyTable, readonly LazyTable[]>> = {
  process: ['container', 'cgroup'],
  cgroup: ['container'],
  container_address: ['container'],
  dns_lookup: ['dns_name'],
  dns_address: ['dns_name'],
}

/** Whether the ids of a table are assigned before it is loaded. */
function isCounted(table: LazyTable): table is 'process' | 'cgroup' | 'container' {
  return table === 'process' || table === 'cgroup' || table === 'container'
}

function isInside(range: IdRange | null, id: number): boolean {
  return range !== null && range.first <= id && id <= range.last
}

const MERGED: readonly LazyTable[] = ['endpoint', 'local_address', 'dns_name']

/** Loads the rows of a table for all sessions. */
export async function loadTable(state: RemoteState, table: LazyTable): Promise<void> {
  const { copied } = FLEET_TABLES[table]
  const names = copied.map(({ name }) => name)
  const write = MERGED.includes(table)
    ? createMergingWriter(state.db, table as 'endpoint', names)
    : createRowWriter(state.db, table, table === 'dns_lookup' ? names.slice(1) : names)
  const blobs = copied.map(({ kind }) => kind === 'blob')
  const isNamed = ['dns_lookup', 'dns_address'].includes(table)
  const sessions = isNamed ? state.sessions.filter(({ found }) => found.hasDns) : state.sessions
  const limit = table === 'dns_lookup' ? ` AND lookup_id <= ${ofSession('lookups')}` : ''
  for (const { sessions: some, where, values } of sessionQueries(sessions)) {
    const limits = { ...values, lookups: some.map(({ found }) => found.pushed.lookup) }
    const sql = `SELECT session_uuid, ${selectColumns(copied)} FROM trace_${table} FINAL WHERE ${where}${limit}
      ORDER BY host, session_uuid, ${names.join(', ')}`
    for await (const [uuid, ...row] of readRows(state.server, sql, limits)) {
      const session = state.byUuid.get(String(uuid))
      if (session === undefined) continue
      // Pushed after the ids were assigned.
      if (isCounted(table) && !isInside(session.ids.ranges[table], numberOf(row[0]))) continue
      const cells = row.map((cell, i) => (blobs[i] ? Buffer.from(String(cell), 'base64') : cell))
      // The ids of lookups are not used: SQLite numbers them anew.
      write(session.ids, table === 'dns_lookup' ? cells.slice(1) : cells)
    }
  }
}
