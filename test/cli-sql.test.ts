import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRandom } from './store/random.js'
import { sampleEvents } from './analyze/sample-events.js'
import { makeSampleTrace } from './analyze/sample-trace.js'
import { makeTemporaryDirectory } from './support/temporary-directory.js'
import { findOpenFiles } from './support/descriptors.js'
import { readCpuTicks } from './support/process-status.js'
import { runTool, startTool } from './support/tool.js'
import { waitUntil } from './support/wait-until.js'

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'

function makeFile(): string {
  const { db, file } = makeSampleTrace({ batches: [sampleEvents(createRandom(1), 300)] })
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

/**
 * Whether a process has a file open, and has computed for 2 s. Only a query that does not end takes that long, and Ctrl-C ends the
 * process in any case.
 */
function isComputingOver(pid: number, file: string): boolean {
  return findOpenFiles(pid).includes(file) && readCpuTicks(pid) > 200
}

/** The environment of a user with these queries. */
function withQueries(queries: Readonly<Record<string, string>>): Record<string, string> {
  const home = makeTemporaryDirectory()
  const directory = join(home, 'tcpconn', 'queries')
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(queries)) writeFileSync(join(directory, `${name}.sql`), text)
  return { XDG_CONFIG_HOME: home }
}

describe('analyze sql', () => {
  test('takes SQL from the command line and from a file', async () => {
    const file = makeFile()
    const sqlFile = join(makeTemporaryDirectory(), 'a.sql')
    writeFileSync(sqlFile, 'SELECT count(*) AS n FROM connects -- all of them')
    const typed = await runTool(['analyze', 'sql', 'SELECT count(*) AS n FROM connects', file, '--format', 'json'])
    expect(JSON.parse(typed.stdout)).toEqual([{ n: 300 }])
    const read = await runTool(['analyze', 'sql', '-f', sqlFile, file, '--format', 'csv'])
    expect(read.stdout.trim().split(/\r?\n/)).toEqual(['n', '300'])
  })

  test('says on stderr that data was cut off', async () => {
    const args = ['analyze', 'sql', 'SELECT pid FROM connects', makeFile(), '--format', 'jsonl', '--limit', '5']
    const { stdout, stderr, status } = await runTool(args)
    expect(stdout.trim().split('\n')).toHaveLength(5)
    expect(stderr).toContain('only the first 5 rows')
    expect(status).toBe(0)
  })

  test('sorts by ORDER BY: neither --sort nor --exact is taken', async () => {
    expect((await runTool(['analyze', 'sql', '--help'])).stdout).toContain('There is no --sort: use ORDER BY')
    for (const option of ['--sort=pid', '--exact']) {
      const { status, stderr } = await runTool(['analyze', 'sql', 'SELECT pid FROM connects', makeFile(), option])
      expect([status, stderr]).toEqual([2, expect.stringContaining(`unknown option '${option}'`)])
    }
  })

  test.each([
    ['wrong SQL', ['SELECT nonesuch FROM connects'], 'E_SQL'],
    ['SQL that writes', ['DELETE FROM session'], 'E_SQL'],
    ['no SQL', [], 'E_USAGE'],
    ['a file without SQL', ['-f', '/nonexistent'], 'E_USAGE'],
  ])('%s ends with 2', async (_, args, code) => {
    const { stdout, stderr, status } = await runTool([
      'analyze',
      'sql',
      ...args,
      ...(args.length > 0 ? [makeFile()] : []),
    ])
    expect(status).toBe(2)
    expect(stderr).toContain(`[${code}]`)
    expect(stdout).toBe('')
  })

  test.each([[[]], [['--format', 'csv', '-o', 'out.csv']]])(
    'Ctrl-C ends a query that would never end, with %j',
    async (args) => {
      const file = makeFile()
      const tool = startTool(['analyze', 'sql', ENDLESS, file, ...args], { cwd: dirname(file) })
      await waitUntil('the query to run', () => isComputingOver(tool.pid, file))
      tool.child.kill('SIGINT')
      expect(await tool.finished).toMatchObject({ signal: 'SIGINT' })
      expect(readdirSync(dirname(file)).filter((name) => name.includes('out.csv'))).toEqual([])
    },
  )
})

describe("a user's own query", () => {
  const QUERY =
    '-- attempts to one port\nSELECT remote_port, count(*) AS n FROM connects WHERE remote_port = :port GROUP BY 1'

  test('is listed, and has its parameters as options, in front of filters of the same name', async () => {
    const env = withQueries({ 'to-port': QUERY })
    const list = await runTool(['analyze', '--list'], { env })
    expect(list.stdout).toMatch(/^to-port +attempts to one port$/m)
    const help = await runTool(['analyze', 'to-port', '--help'], { env })
    expect(help.stdout).toMatch(/--port <value> +value of :port/)
    const args = ['analyze', 'to-port', makeFile(), '--port', '443', '--format', 'json']
    expect(JSON.parse((await runTool(args, { env })).stdout)).toMatchObject([{ remote_port: 443 }])
    const missing = await runTool(['analyze', 'to-port', makeFile()], { env })
    expect(missing).toMatchObject({ status: 2, stdout: '' })
    expect(missing.stderr).toContain('--port')
  })

  test('that is none is left out with a warning, and does not disturb the others', async () => {
    const env = withQueries({ 'to-port': QUERY, 'summary': 'SELECT 1', 'broken': 'DROP TABLE session' })
    const list = await runTool(['analyze', '--list'], { env })
    expect(list.stdout).toContain('to-port')
    expect(list.stdout).not.toContain('broken')
    expect(list.stderr).toMatch(/warning: .*broken\.sql is left out/)
    expect(list.stderr).toMatch(/warning: .*summary\.sql is left out/)
    expect((await runTool(['analyze', 'top-endpoints', makeFile()], { env })).stderr).toBe('')
    expect((await runTool(['analyze', 'to-port', makeFile(), '--port', '443'], { env })).stderr).toBe('')
    const { stderr } = await runTool(['analyze', 'broken', makeFile()], { env })
    expect(stderr).toMatch(/^warning: .*broken\.sql is left out(.|\n)*error: QUERY: "broken"/)
    expect(stderr).not.toContain('summary.sql')
  })
})
