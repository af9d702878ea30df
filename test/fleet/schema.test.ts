import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ALL_TABLES } from '../../src/fleet/create-statements.js'
import { ATTEMPTS_TABLE } from '../../src/fleet/attempts-table.js'
import { FLEET_TABLES } from '../../src/fleet/trace-tables.js'
import { openDatabase } from '../../src/store/open-database.js'
import { migrate } from '../../src/store/migrate.js'
import { startClickhouse, type ClickhouseServer } from '../support/clickhouse-server.js'
import { runTool } from '../support/tool.js'

/** Columns of a trace that no table of the fleet has, by `table.column` or table. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  outcome: 'the codes are the same in every trace: the type of attempts.outcome has them',
  'session.host': 'the key of every table begins with it',
  'connect_attempt.attempt_id': 'attempts.attempt_id',
  'connect_attempt.session_id': 'attempts.session_id',
  'connect_attempt.started_ns': 'attempts.session_ns',
  'connect_attempt.latency_ns': 'attempts.latency_ns',
  'connect_attempt.outcome': 'attempts.outcome',
  'connect_attempt.errno': 'attempts.errno',
  'connect_attempt.syn_retransmits': 'attempts.syn_retransmits',
  'connect_attempt.flags': 'attempts.flags',
  'connect_attempt.process_id': 'attempts.process_id',
  'connect_attempt.tid_delta': 'attempts.tid minus attempts.pid, where NULL is 0',
  'connect_attempt.endpoint_id': 'attempts.endpoint_id',
  'connect_attempt.local_endpoint': 'attempts.local_address_id << 16 | local_port, where NULL is 0',
  'connect_dns.attempt_id': 'attempts.attempt_id',
  'connect_dns.dns_name_id': 'attempts.dns_name_id',
  'connect_dns.dns_age_ns': 'attempts.dns_age_ns',
  'connect_dns.dns_lookup_ns': 'attempts.dns_lookup_ns',
  'connect_dns.dns_candidates': 'attempts.dns_candidates',
  'connect_nat.attempt_id': 'attempts.attempt_id',
  'connect_nat.nat_endpoint_id': 'attempts.nat_endpoint_id',
  'connect_nat.service_endpoint_id': 'attempts.service_endpoint_id',
}

describe('the tables of a fleet', () => {
  let server: ClickhouseServer
  beforeAll(async () => (server = await startClickhouse()))
  afterAll(() => server[Symbol.asyncDispose]())

  test('have every column of a trace', () => {
    const db = openDatabase(':memory:')
    migrate(db)
    const columns = db
      .prepare(
        `SELECT m.name AS source, p.name AS name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table'`,
      )
      .all() as { source: string; name: string }[]
    db.close()
    const copied = Object.values(FLEET_TABLES).flatMap((table) =>
      table.copied.map(({ name }) => `${table.source}.${name}`),
    )
    const excepted = (column: string) => EXCEPTIONS[column] ?? EXCEPTIONS[column.split('.')[0]!]
    const all = columns.map(({ source, name }) => `${source}.${name}`)
    expect(all.filter((column) => !copied.includes(column) && excepted(column) === undefined)).toEqual([])
    expect(
      [...copied, ...Object.keys(EXCEPTIONS)].filter((column) => !all.some((one) => one.startsWith(column))),
    ).toEqual([])
    // The reason of an exception names a column that exists.
    const named = Object.values(EXCEPTIONS).flatMap((reason) => /^attempts\.(\w+)/.exec(reason)?.[1] ?? [])
    expect(named.filter((name) => !ATTEMPTS_TABLE.columns.some((column) => column.name === name))).toEqual([])
  })

  test('are created by fleet migrate, once', async () => {
    const first = await runTool(['fleet', 'migrate', ...server.options('--to'), '--ttl', '30d'])
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('has the tables of version 1 now') as string,
    })
    const again = await runTool(['fleet', 'migrate', ...server.options('--to'), '--ttl', '7d'])
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('already has the tables') as string })
    const tables = await server.query<{ name: string; ttl: number }>(
      `SELECT name, position(create_table_query, 'toIntervalSecond(604800)') > 0 AS ttl FROM system.tables WHERE database = 'fleet' ORDER BY name`,
    )
    expect(tables.map(({ name }) => name)).toEqual(ALL_TABLES.map(({ name }) => name).toSorted())
    expect(tables.filter(({ ttl }) => ttl === 1).map(({ name }) => name)).toEqual(['attempts', 'trace_dns_lookup'])
    expect(await server.query('SELECT version, pushed_by FROM fleet.schema_version FINAL')).toEqual([
      { version: 1, pushed_by: 'admin' },
    ])
  })
})
