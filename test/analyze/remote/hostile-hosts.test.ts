import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FLEET_TABLES } from '../../../src/fleet/trace-tables.js'
import { push } from '../../../src/push/push.js'
import { startClickhouse, type ClickhouseServer } from '../../support/clickhouse-server.js'
import { runTool } from '../../support/tool.js'
import { makeHardTrace } from '../export/hard-trace.js'
import { makeGeneratedTrace } from '../oracle/generated-trace.js'
import { answer } from './answer.js'

const HOSTILE = 'a "host"'

async function pushHosts(): Promise<ClickhouseServer> {
  const server = await startClickhouse()
  onTestFinished(() => server[Symbol.asyncDispose]())
  await server.migrate()
  const files = [makeHardTrace({ host: HOSTILE, count: 600 }), makeGeneratedTrace(600)]
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await push(files, { to: server.url(), passwordFile: server.passwordFile() })
  vi.restoreAllMocks()
  return server
}

describe('with --from, a host', () => {
  test('cannot add rows to the session of another host', async () => {
    const server = await pushHosts()
    const ask = async () => {
      const answers: string[] = []
      for (const query of [['summary'], ['top-endpoints'], ['slowest', '--limit', '700'], ['dns'], ['by-process']]) {
        answers.push(await answer([...query, ...server.options('--from')]))
      }
      return answers
    }
    const expected = await ask()
    const tables = Object.values(FLEET_TABLES).map(({ name }) => name)
    const [session] = await server.query<{ uuid: string }>(
      "SELECT toString(session_uuid) AS uuid FROM fleet.trace_session WHERE host = 'web-1' ORDER BY uuid LIMIT 1",
    )
    for (const table of [...tables.filter((name) => name !== 'trace_session'), 'attempts']) {
      await server.query(
        `INSERT INTO fleet.${table} SELECT * REPLACE(toUUID('${session?.uuid}') AS session_uuid) FROM fleet.${table} WHERE host = '${HOSTILE}'`,
      )
    }
    expect(await ask()).toEqual(expected)
  })

  test('whose sessions cannot be read does not keep others from an answer', async () => {
    const server = await pushHosts()
    const words = ['by-process', '--by', 'host', '--limit', '1000', ...server.options('--from')]
    const rowsOf = (text: string) => (JSON.parse(text) as { host: string }[]).filter(({ host }) => host === 'web-1')
    expect((await runTool(['analyze', ...words])).stdout).not.toContain('is left out')
    const alone = rowsOf(await answer([...words, '--host', 'web-1']))
    expect(alone.length).toBeGreaterThan(10)
    const insert = (table: string, changes: string) =>
      server.query(
        `INSERT INTO fleet.${table} SELECT * REPLACE(${changes}) FROM fleet.${table} FINAL WHERE host = '${HOSTILE}'`,
      )
    const changes = [
      ['trace_batch', 'attempt_count + 1000000000000 AS attempt_count'],
      ['trace_batch', '-attempt_count AS attempt_count'],
      ['trace_latency_window', 'last_attempt_id + 1000000 AS last_attempt_id'],
      ['trace_process', '9000000000000000 AS process_id'],
    ] as const
    for (const [table, change] of changes) {
      await server.query(`CREATE TABLE fleet.kept AS fleet.${table}`)
      await server.query(`INSERT INTO fleet.kept SELECT * FROM fleet.${table} FINAL WHERE host = '${HOSTILE}'`)
      await insert(table, change)
      const { status, stdout } = await runTool(['analyze', ...words])
      expect(stdout, change).toMatch(/^session [0-9a-f-]{36} of a "host" is left out: /)
      expect(status).toBe(0)
      expect(rowsOf(await answer(words)), change).toEqual(alone)
      expect(stdout).not.toContain('of web-1 is left out')
      await server.query(`ALTER TABLE fleet.${table} DELETE WHERE host = '${HOSTILE}' SETTINGS mutations_sync = 1`)
      await server.query(`INSERT INTO fleet.${table} SELECT * FROM fleet.kept`)
      await server.query('DROP TABLE fleet.kept')
    }
    await server.query(
      `ALTER TABLE fleet.trace_window_sums DELETE WHERE host = '${HOSTILE}' AND dimension = 'process' SETTINGS mutations_sync = 1`,
    )
    expect((await runTool(['analyze', ...words])).stdout).toMatch(
      /is left out: the server lacks \d+ rows of its trace_window_sums/,
    )
    expect(rowsOf(await answer(words))).toEqual(alone)
  })
})
