import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { exportTrace } from '../../../src/analyze/export/export-trace.js'
import { collectRemoteReport, collectReport } from '../../../src/analyze/report/collect-report.js'
import type { ReportSide } from '../../../src/analyze/report/report-data.js'
import { replay } from '../../../src/analyze/replay/replay.js'
import { writeReport } from '../../../src/analyze/report/write-report.js'
import { push } from '../../../src/push/push.js'
import { startClickhouse, type ClickhouseServer } from '../../support/clickhouse-server.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { waitUntil } from '../../support/wait-until.js'
import { makeHardTrace } from '../export/hard-trace.js'
import { makeGeneratedTrace } from '../oracle/generated-trace.js'
import { answer } from './answer.js'

const NOWHERE = { from: 'clickhouse://reader@127.0.0.1:9/fleet' }

/** A server with two hosts: hostile names and clock changes, and what a recorder writes. */
async function pushHosts(): Promise<{ server: ClickhouseServer; files: readonly [string, string] }> {
  const server = await startClickhouse()
  onTestFinished(() => server[Symbol.asyncDispose]())
  await server.migrate()
  const files = [makeHardTrace({ host: 'a "host"', count: 600 }), makeGeneratedTrace(600)] as const
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await push(files, { to: server.url(), passwordFile: server.passwordFile() })
  vi.restoreAllMocks()
  return { server, files }
}

const sourceOf = (server: ClickhouseServer) => ({ from: server.url(), passwordFile: server.passwordFile() })

describe('with --from', () => {
  test('export, replay and report write what they write of the traces', async () => {
    const { server, files } = await pushHosts()
    const directory = makeTemporaryDirectory()
    const options = { format: 'jsonl', quiet: true } as const
    await exportTrace(files, { ...options, session: 'all', output: join(directory, 'local.jsonl') })
    await exportTrace([], { ...options, ...sourceOf(server), output: join(directory, 'remote.jsonl') })
    const [local = [], remote] = ['local', 'remote'].map((name) =>
      readFileSync(join(directory, `${name}.jsonl`), 'utf8').split('\n'),
    )
    const different = remote?.findIndex((line, i) => line !== local[i]) ?? 0
    expect(JSON.parse(remote?.[different] || '0')).toEqual(JSON.parse(local[different] || '0'))
    expect(remote?.[different]).toBe(local[different])
    expect(remote).toHaveLength(local.length)
    expect(local.length).toBeGreaterThan(1000)

    const partition = { format: 'parquet', quiet: true, partition: 'host,date' } as const
    await exportTrace(files, { ...partition, session: 'all', port: ['443'], output: join(directory, 'local') })
    await exportTrace([], { ...partition, ...sourceOf(server), port: ['443'], output: join(directory, 'remote') })
    const names = (name: string) => readdirSync(join(directory, name), { recursive: true }).toSorted()
    expect(names('remote')).toEqual(names('local'))

    const view = ['-t', '-U', '--dns', '--outcome=failed']
    const shown = await runTool(['replay', ...view, '--host', 'a "host"', ...server.options('--from')])
    expect(shown.stdout).toBe((await runTool(['replay', ...view, files[0], '--session', 'all'])).stdout)
    expect(shown.stdout.split('\n').length).toBeGreaterThan(50)

    const page = await collectRemoteReport({ ...sourceOf(server), host: ['web-1'] })
    const expected = collectReport([`${files[1]}@all`], {})
    // Lines name sessions by their UUIDs.
    const numbersOf = ({ tables, facts: _, warnings: __, notes: ___, name: ____, ...rest }: ReportSide) => {
      return { ...rest, tables: tables.map((table) => ({ ...table, notes: [] })) }
    }
    expect(numbersOf(page.sides[0]!)).toEqual(numbersOf(expected.sides[0]!))
    expect(page.title).toBe(expected.title)
  })

  test('attempts that the server has not any more are reported first', async () => {
    const { server } = await pushHosts()
    await server.query(
      "ALTER TABLE fleet.attempts DELETE WHERE host = 'web-1' AND attempt_id <= 7 SETTINGS mutations_sync = 1",
    )
    const { status, stdout } = await runTool([
      'analyze',
      'latency',
      '--exact',
      '--host',
      'web-1',
      ...server.options('--from'),
    ])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^7 attempts of 1 session are not on the server: /)
    expect(
      (await runTool(['analyze', 'latency', '--host', 'a "host"', ...server.options('--from')])).stdout,
    ).not.toMatch(/not on the server/)
  })

  test('the temporary trace is private, and removed at the end and by a signal', async () => {
    const { server } = await pushHosts()
    const directory = makeTemporaryDirectory()
    const env = { TMPDIR: directory }
    const tool = startTool(['export', '--format', 'jsonl', '-q', ...server.options('--from')], { env })
    // Nobody reads its output: it waits with the trace.
    tool.child.stdout.pause()
    await waitUntil('the trace', () => readdirSync(directory).some((name) => name.startsWith('tcpconn-from-')))
    tool.child.kill('SIGTERM')
    expect((await tool.finished).signal).toBe('SIGTERM')
    expect(readdirSync(directory)).toEqual([])
    await runTool(['analyze', 'summary', ...server.options('--from')], { env })
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('with --from, an error names', () => {
  test('a host that the server does not know, a time without data, a forged session, and another schema', async () => {
    const { server } = await pushHosts()
    const ask = (...words: string[]) => answer(['summary', ...words, ...server.options('--from')])
    await expect(ask('--host', 'web-1,web-11')).rejects.toMatchObject({
      code: 'E_FLEET_NO_HOST',
      message: expect.stringMatching(/has nothing of web-11$/) as string,
      hint: 'did you mean web-1?',
    })
    for (const time of ['--since', '--last']) {
      await expect(ask(time, '1h', '--host', 'web-1')).rejects.toMatchObject({ code: 'E_FLEET_NO_DATA' })
    }
    await expect(ask('--last', 'yesterday')).rejects.toMatchObject({ code: 'E_USAGE' })
    await expect(ask('--session', '018bcfee-903b-7892-a0cb-b1d329ee0136')).rejects.toMatchObject({ code: 'E_USAGE' })
    await server.query(
      `INSERT INTO fleet.trace_session SELECT * REPLACE('forger' AS host) FROM (SELECT * FROM fleet.trace_session WHERE host = 'web-1')`,
    )
    await server.query(
      `INSERT INTO fleet.trace_clock_offset SELECT * REPLACE('forger' AS host) FROM (SELECT * FROM fleet.trace_clock_offset WHERE host = 'web-1')`,
    )
    await expect(ask('--host', 'web-1,forger')).rejects.toMatchObject({
      code: 'E_FLEET_INCOMPLETE',
      reason: expect.stringMatching(/2 hosts have it, and all but one forged it: forger, web-1$/) as string,
    })
    await expect(ask('--host', 'web-1')).resolves.toContain('attempts')
    await server.query('INSERT INTO fleet.schema_version (version) VALUES (99)')
    await expect(ask()).rejects.toMatchObject({ code: 'E_FLEET_SCHEMA_VERSION' })
  })

  test('a server that cannot be reached, and options that contradict', async () => {
    await expect(answer(['summary', '--from', NOWHERE.from])).rejects.toMatchObject({ code: 'E_FLEET_UNREACHABLE' })
    await expect(answer(['summary', 'trace.db', '--from', NOWHERE.from])).rejects.toMatchObject({ code: 'E_USAGE' })
    await expect(answer(['summary', '--host', 'web1'])).rejects.toMatchObject({ code: 'E_USAGE' })
    await expect(replay(['trace.db'], NOWHERE)).rejects.toMatchObject({ code: 'E_USAGE' })
    await expect(writeReport([], { ...NOWHERE, output: '-', share: true })).rejects.toMatchObject({
      code: 'E_USAGE',
      reason: 'pseudonyms are made for trace files, not for a server or an archive',
      hint: expect.stringContaining('tcpconn report FILE --share') as string,
    })
    await expect(answer(['diff', '--from', NOWHERE.from, '--session', '2'])).rejects.toThrow(/UUID|cannot reach/)
  })
})

test.each([
  [['info'], 'sessions of a server or an archive: tcpconn analyze summary --from SOURCE'],
  [['analyze', 'sql', 'SELECT 1'], 'use SQL of the server, or of a program that reads Parquet'],
  [['top', '--once'], 'hosts of a server or an archive: tcpconn analyze top-endpoints --from SOURCE'],
  [['share', '-o', 'shared.db'], 'tcpconn share FILE'],
] as const)('%s refuses --from, and says what to use instead', async (words, instead) => {
  const { status, stdout, stderr } = await runTool([...words, '--from', NOWHERE.from])
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(
    /does not accept --from \[E_USAGE\]\nreason: it reads trace files, not a server or an archive\n/,
  )
  expect(stderr).toContain(instead)
  const { stdout: help } = await runTool([...words.slice(0, words[0] === 'analyze' ? 2 : 1), '--help'])
  expect(help).not.toContain('--from')
})
