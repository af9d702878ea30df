import Database from 'better-sqlite3'
import { readSessionKey } from '../../../src/analyze/export/rows/session-key.js'
import { selectScope } from '../../../src/analyze/options/select-scope.js'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { ATTEMPTS } from '../../../src/fleet/attempts-table.js'
import { FLEET_TABLES, type CopiedTable } from '../../../src/fleet/trace-tables.js'
import { insertedColumns } from '../../../src/fleet/fleet-table.js'
import type { ClickhouseServer } from '../../support/clickhouse-server.js'

interface Session {
  readonly id: number
  readonly host: string
  readonly bootId: string
  readonly uuid: string
}

/** Inserts all sessions of traces into the tables of a fleet. */
export async function loadFleet(server: ClickhouseServer, files: readonly string[], database = 'fleet'): Promise<void> {
  for (const file of files) {
    const sessions = readSessions(file)
    const db = new Database(file, { readonly: true })
    db.defaultSafeIntegers()
    for (const table of Object.values(FLEET_TABLES)) await insertTable(server, db, table, sessions, database)
    await insertAttempts(server, db, sessions, database)
    db.close()
  }
}

function readSessions(file: string): Session[] {
  return withTraces([file], (traces) =>
    selectScope(traces, { session: 'all' }).parts.map((part) => ({
      id: part.sessionId,
      host: part.host,
      ...readSessionKey(part),
    })),
  )
}

const OF_SESSION: Record<string, string> = {
  endpoint: '1',
  local_address: '1',
  dns_name: '1',
  window_sums: 'window_id IN (SELECT window_id FROM latency_window WHERE session_id = @id)',
  window_rollup: 'first_window_id IN (SELECT window_id FROM latency_window WHERE session_id = @id)',
}

async function insertTable(
  server: ClickhouseServer,
  db: Database.Database,
  { name, source, copied }: CopiedTable,
  sessions: readonly Session[],
  database: string,
): Promise<void> {
  const names = copied.map((column) => column.name)
  const last = (id: number) => ({
    attempt: scalar(db, 'SELECT max(first_attempt_id + attempt_count) - 1 FROM batch WHERE session_id = ?', id),
    batch: scalar(db, 'SELECT max(batch_id) FROM batch WHERE session_id = ?', id),
    window: scalar(db, 'SELECT max(window_id) FROM latency_window WHERE session_id = ?', id),
    lookup: scalar(db, 'SELECT max(lookup_id) FROM dns_lookup WHERE session_id = ?', id),
  })
  const progress = source === 'session'
  const rows = sessions.flatMap(({ id, host, uuid }) => {
    const select = db.prepare(
      `SELECT ${names.join(', ')} FROM ${source} WHERE ${OF_SESSION[source] ?? 'session_id = @id'}`,
    )
    const { attempt, batch, window, lookup } = last(id)
    const own = select.raw().all(OF_SESSION[source] === '1' ? {} : { id }) as unknown[][]
    return own.map((row) => [host, uuid, ...row, ...(progress ? [8, attempt, batch, window, lookup, 1] : [])])
  })
  const columns = [
    'host',
    'session_uuid',
    ...names,
    ...(progress
      ? ['format_version', 'pushed_attempt_id', 'pushed_batch_id', 'pushed_window_id', 'pushed_lookup_id', 'is_whole']
      : []),
  ]
  const isBlob = new Set(copied.filter(({ kind }) => kind === 'blob').map((column) => column.name))
  const types = columns.map((column, i) => `c${i} ${typeOf(column, copied)}`)
  const selected = columns.map((column, i) => (isBlob.has(column) ? `base64Decode(c${i})` : `c${i}`))
  if (rows.length === 0) return
  await server.query(
    `INSERT INTO ${database}.${name} (${columns.join(', ')}) SELECT ${selected.join(', ')} FROM input('${types.join(', ')}') FORMAT JSONCompactEachRow\n${rows.map(jsonOf).join('\n')}`,
  )
}

function typeOf(name: string, copied: CopiedTable['copied']): string {
  if (name === 'host') return 'String'
  if (name === 'session_uuid') return 'UUID'
  const kind = copied.find((column) => column.name === name)?.kind ?? 'integer'
  if (kind === 'blob' || kind === 'text') return 'String'
  if (kind === 'text?') return 'Nullable(String)'
  return kind === 'integer' ? 'Int64' : 'Nullable(Int64)'
}

function scalar(db: Database.Database, sql: string, id: number): bigint {
  return (db.prepare(sql).pluck().get(id) as bigint | null) ?? 0n
}

function jsonOf(row: readonly unknown[]): string {
  return JSON.stringify(row, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    const bytes = value as { type?: string; data?: number[] } | null
    return bytes?.type === 'Buffer' ? Buffer.from(bytes.data ?? []).toString('base64') : value
  })
}

async function insertAttempts(
  server: ClickhouseServer,
  db: Database.Database,
  sessions: readonly Session[],
  database: string,
): Promise<void> {
  const view = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'connects'").pluck().get() as string
  const body = view.replace(/^CREATE VIEW connects AS/, '').replace(
    'SELECT',
    `SELECT a.attempt_id AS attempt_id, o.unix_offset_ns AS unix_offset_ns, a.flags AS flags, a.process_id AS process_id,
        a.endpoint_id AS endpoint_id, a.local_endpoint >> 16 AS local_address_id, ifnull(d.dns_name_id, 0) AS dns_name_id,
        ifnull(x.nat_endpoint_id, 0) AS nat_endpoint_id, ifnull(x.service_endpoint_id, 0) AS service_endpoint_id,`,
  )
  const rows = db.prepare(`SELECT * FROM (${body})`).all() as Record<string, unknown>[]
  if (rows.length === 0) return
  const byId = new Map(sessions.map((session) => [BigInt(session.id), session]))
  const columns = insertedColumns(ATTEMPTS)
  const lines = rows.map((row) => {
    const session = byId.get(row.session_id as bigint) as Session
    const all: Record<string, unknown> = {
      ...row,
      host: session.host,
      boot_id: session.bootId,
      session_uuid: session.uuid,
      time: row.started_ns,
    }
    return jsonOf(columns.map(({ name }) => all[name] ?? null))
  })
  const types = columns.map(({ name, type }, i) => {
    if (name === 'time') return `c${i} Int64`
    return `c${i} ${type.includes('IPv6') ? 'Nullable(String)' : type}`
  })
  const selected = columns.map(({ name, type }, i) => {
    if (name === 'time') return `fromUnixTimestamp64Nano(c${i})`
    return type.includes('IPv6') ? `toIPv6OrNull(c${i})` : `c${i}`
  })
  for (let at = 0; at < lines.length; at += 100_000) {
    await server.query(
      `INSERT INTO ${database}.attempts (${columns.map(({ name }) => name).join(', ')}) SELECT ${selected.map((one, i) => (columns[i]!.type === 'IPv6' ? `assumeNotNull(${one})` : one)).join(', ')} FROM input('${types.map((type) => type.replaceAll("'", "\\'")).join(', ')}') FORMAT JSONCompactEachRow\n${lines.slice(at, at + 100_000).join('\n')}`,
    )
  }
}
