import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FLEET_TABLES, type TraceTableName } from '../../src/fleet/trace-tables.js'
import { startClickhouse, type ClickhouseServer } from '../support/clickhouse-server.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { runTool } from '../support/tool.js'
import { makeHardTrace } from '../analyze/export/hard-trace.js'
import { makeSampleTrace } from '../analyze/sample-trace.js'
import { readAttemptRows, readTable, restoreAttemptRows, restoreTable, SHARED_TABLES } from './fleet-rows.js'

const TABLES = Object.keys(FLEET_TABLES) as TraceTableName[]

let server: ClickhouseServer
beforeAll(async () => {
  server = await startClickhouse()
  await server.migrate()
})
afterAll(() => server[Symbol.asyncDispose]())

/** Pushes, and returns the number of attempts that were pushed now. */
async function push(...paths: readonly string[]): Promise<number> {
  const { status, stdout, stderr } = await runTool(['push', ...paths, ...server.options('--to')])
  expect([status, stderr]).toEqual([0, ''])
  return Number(/^pushed ([\d,]+) attempts? to/.exec(stdout)?.[1]?.replaceAll(',', ''))
}

/** Expects every row of the trace on the server, and no others. */
async function expectOnServer(file: string, host: string): Promise<void> {
  expect(await restoreAttemptRows(server, host)).toEqual(readAttemptRows(file))
  for (const source of TABLES) {
    const [expected, found] = [readTable(file, source), await restoreTable(server, host, source)]
    if (SHARED_TABLES.includes(source)) expect(expected, source).toEqual(expect.arrayContaining([...found]))
    else expect(found, source).toEqual(expected)
  }
}

describe('push', () => {
  test('pushes every row of a trace once, with names that are code elsewhere (SEC-0)', async () => {
    const host = "a'; DROP TABLE attempts; --"
    const file = makeHardTrace({ host: host.replaceAll("'", '’') })
    const count = readAttemptRows(file)['connect_attempt']!.length
    expect(await push(file)).toBe(count)
    await expectOnServer(file, host.replaceAll("'", '’'))
    expect(await push(file)).toBe(0)
    const [{ rows } = { rows: -1 }] = await server.query<{ rows: number }>(
      'SELECT toUInt32(count()) AS rows FROM fleet.attempts',
    )
    expect(rows).toBe(count)
  })
})
