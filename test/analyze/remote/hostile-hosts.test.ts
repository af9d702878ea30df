import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FLEET_TABLES } from '../../../src/fleet/trace-tables.js'
import { push } from '../../../src/push/push.js'
import { startClickhouse, type ClickhouseServer } from '../../support/clickhouse-server.js'
import { makeHardTrace } from '../export/hard-trace.js'
import { makeGeneratedTrace } from '../oracle/generated-trace.js'
import { answer } from './answer.js'

const LONG = 240_000
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
  test('cannot add rows to the session of another host', { timeout: LONG }, async () => {
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
})
