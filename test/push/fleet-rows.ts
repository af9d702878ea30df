import Database from 'better-sqlite3'
import { FLEET_TABLES, type TraceTableName } from '../../src/fleet/trace-tables.js'
import type { ClickhouseServer } from '../support/clickhouse-server.js'

/** Rows as texts, in the order of their key: numbers in decimal, blobs in hexadecimal. */
type Rows = readonly (readonly (string | null)[])[]

/** connect_attempt of a host, made from the table `attempts`. */
const ATTEMPT_COLUMNS = {
  attempt_id: 'attempt_id',
  session_id: 'session_id',
  started_ns: 'session_ns',
  latency_ns: 'latency_ns',
  outcome: "CAST(outcome, 'Int8')",
  errno: 'errno',
  syn_retransmits: 'syn_retransmits',
  flags: 'flags',
  process_id: 'process_id',
  tid_delta: 'ifnull(tid, 0) - ifnull(pid, 0)',
  endpoint_id: 'endpoint_id',
  local_endpoint: 'bitShiftLeft(local_address_id, 16) + ifnull(local_port, 0)',
}

/** Tables of which only rows that attempts or lookups refer to are pushed. */
export const SHARED_TABLES: readonly string[] = ['endpoint', 'local_address', 'dns_name']

/** Rows of connect_attempt, connect_dns and connect_nat, from a trace. */
export function readAttemptRows(file: string): Record<string, Rows> {
  return {
    connect_attempt: readSqlite(
      file,
      `SELECT ${Object.keys(ATTEMPT_COLUMNS).join(', ')} FROM connect_attempt ORDER BY 1`,
    ),
    connect_dns: readSqlite(file, `SELECT ${DNS_COLUMNS.join(', ')} FROM connect_dns ORDER BY 1`),
    connect_nat: readSqlite(file, `SELECT ${NAT_COLUMNS.join(', ')} FROM connect_nat ORDER BY 1`),
  }
}

const DNS_COLUMNS = ['attempt_id', 'dns_name_id', 'dns_age_ns', 'dns_lookup_ns', 'dns_candidates']
const NAT_COLUMNS = ['attempt_id', 'nat_endpoint_id', 'service_endpoint_id']

/** The same from the fleet. */
export async function restoreAttemptRows(server: ClickhouseServer, host: string): Promise<Record<string, Rows>> {
  const read = (columns: readonly string[], condition: string) =>
    readClickhouse(server, columns, `fleet.attempts FINAL WHERE host = '${host}' AND ${condition} ORDER BY attempt_id`)
  return {
    connect_attempt: await read(Object.values(ATTEMPT_COLUMNS), '1'),
    connect_dns: await read(DNS_COLUMNS, 'dns_name_id > 0'),
    connect_nat: await read(
      ['attempt_id', 'nullIf(nat_endpoint_id, 0)', 'nullIf(service_endpoint_id, 0)'],
      '(nat_endpoint_id > 0 OR service_endpoint_id > 0)',
    ),
  }
}

/** All rows of a table of a trace. */
export function readTable(file: string, source: TraceTableName): Rows {
  const { copied, key } = FLEET_TABLES[source]
  const columns = copied.map(({ name, kind }) => (kind === 'blob' ? `lower(hex(${name}))` : name))
  return readSqlite(file, `SELECT ${columns.join(', ')} FROM ${source} ORDER BY ${keyOf(key)}`)
}

/** All rows of its copy in the fleet. Of a table that sessions share, each row once, unless `isDistinct` is false. */
export function restoreTable(
  server: ClickhouseServer,
  host: string,
  source: TraceTableName,
  isDistinct = true,
): Promise<Rows> {
  const { copied, key, name } = FLEET_TABLES[source]
  const columns = copied.map(({ name: column, kind }) => (kind === 'blob' ? `lower(hex(${column}))` : column))
  return readClickhouse(
    server,
    columns,
    `fleet.${name} FINAL WHERE host = '${host}' ORDER BY ${keyOf(key)}`,
    isDistinct,
  )
}

function keyOf(key: readonly string[]): string {
  return key.filter((name) => name !== 'host' && name !== 'session_uuid').join(', ')
}

function readSqlite(file: string, sql: string): Rows {
  const db = new Database(file, { readonly: true })
  try {
    const rows = db.prepare(sql).raw().safeIntegers().all() as (bigint | string | null)[][]
    return rows.map((row) => row.map((value) => (value === null ? null : String(value))))
  } finally {
    db.close()
  }
}

async function readClickhouse(
  server: ClickhouseServer,
  columns: readonly string[],
  rest: string,
  isDistinct = false,
): Promise<Rows> {
  const texts = columns.map((column) => `toNullable(toString(${column}))`).join(', ')
  const keyword = isDistinct ? 'DISTINCT ' : ''
  const rows = await server.query<{ row: (string | null)[] }>(`SELECT ${keyword}[${texts}] AS row FROM ${rest}`)
  return rows.map(({ row }) => row)
}
