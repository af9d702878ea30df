import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TOOL_VERSION } from '../src/base/package.js'
import { makeSampleTrace } from './analyze/sample-trace.js'
import { expectError } from './support/error-lines.js'
import { skipUnlessNodeIsShared } from './support/kernel-tests.js'
import { makeTemporaryDirectory } from './support/temporary-directory.js'
import { run } from './support/process.js'
import { linkTool, runTool, toolCommand } from './support/tool.js'
import { asNobody } from './support/users.js'

/** A closed trace with this many endpoints. */
function makeClosedTrace(endpoints = 1): string {
  const batch = Array.from({ length: endpoints }, (_, i) => ({ remotePort: i + 1 }))
  const { db, file } = makeSampleTrace({ batches: [batch] })
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

/** How the tool ends when whoever reads its stdout goes away at once. */
async function runIntoClosedPipe(args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  const [program = '', ...rest] = toolCommand(args)
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { status, stderr }
}

describe('help', () => {
  test.each([
    [['--help']],
    [['help']],
    [['record', '--help']],
    [['doctor', '--help']],
    [['live', '--help']],
    [['top', '--help']],
    [['replay', '--help']],
    [['completion', '--help']],
    [['info', '--help']],
    [['analyze', '--help']],
    [['analyze', 'top-endpoints', '--help']],
    [['help', 'record']],
    [['help', 'analyze', 'latency']],
    [['analyze', 'help', 'latency']],
    [['help', 'record', 'more.db']],
  ])('of %j shows an example, on stdout', async (args) => {
    const { status, stdout, stderr } = await runTool(args)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Usage: tcpconn /)
    expect(stdout).toMatch(/\nExamples?:\n +(sudo )?tcpconn /)
  })

  test('of record says where a command goes', async () => {
    expect((await runTool(['record', '--help'])).stdout).toMatch(/^Usage: tcpconn record .*\[-- COMMAND/)
  })

  test('of top says that units are found in traces only', async () => {
    const { stdout } = await runTool(['top', '--help'])
    const option = /\n +--container <name> +([^]*?)\n +--/.exec(stdout)?.[1]?.replaceAll(/\s+/g, ' ')
    expect(option).toBe('only containers with this name or id, in a trace also units; repeatable')
  })

  test('is what one gets without a command, as a wrong use', async () => {
    const { status, stdout, stderr } = await runTool([])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Usage: tcpconn /)
  })

  test('says the version on its first line', async () => {
    const { status, stdout } = await runTool(['--version'])
    expect([status, stdout.split('\n')[0]]).toEqual([0, TOOL_VERSION])
  })

  test('lists the built-in queries', async () => {
    const { status, stdout } = await runTool(['analyze', '--list'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^summary +\S/)
    const lines = stdout.trimEnd().split('\n')
    const columns = new Set(lines.map((line) => /^\S+ {2,}/.exec(line)?.[0].length))
    expect(columns.size, 'all descriptions begin in one column').toBe(1)
    expect(lines.length).toBeGreaterThan(1)
  })
})

describe('a wrong use ends with 2, says what is meant, and prints nothing on stdout', () => {
  test.each([
    [['recrod'], /unknown command 'recrod' (.|\n)*\nhint: did you mean record\?/],
    [['record', '--duraton', '10m'], /unknown option '--duraton' (.|\n)*\nhint: did you mean --duration\?/],
    [['info', '--quite'], /unknown option '--quite'/],
    [['analyze', 'top-endpoint'], /top-endpoint[^s](.|\n)*\nhint: did you mean top-endpoints\?\n/],
    [['analyze', 'top-endpoint', '--limit', '3'], /did you mean top-endpoints\?/],
    [['analyze', 'nonsense', 'tcpconn.db'], /QUERY takes summary, (.|\n)*\nhint: see tcpconn analyze --help/],
    [['record', '--duration', '10x'], /hint: see tcpconn record --help\n$/],
    [['help', 'latency'], /unknown command 'latency'(.|\n)*hint: see tcpconn COMMAND --help/],
    [['help', 'analyze', 'latncy'], /did you mean latency\?/],
    [['analyze', '--lst'], /did you mean --list\?/],
    [['analyze', 'top-endpoints', '-o'], /argument missing/],
    [
      ['analyze', 'top-endpoints', '--formt', 'json'],
      /unknown option '--formt' (.|\n)*\nhint: did you mean --format\?/,
    ],
    [
      ['analyze', 'top-endpoints', '--format', 'xml'],
      /--format: "xml" is not accepted(.|\n)*--format takes table, json, jsonl, csv, markdown, arrow, parquet/,
    ],
    [['analyze', 'top-endpoints', '--format', 'jsn'], /did you mean json\?/],
    [['export', '--format', 'parqet'], /did you mean parquet\?/],
    [['record', '--duration'], /argument missing/],
    [['record', '--port', '0'], /--port: "0" is not accepted(.|\n)*ports from 1 to 65535/],
    [['export'], /required option '--format <format>' not specified/],
    [['record', '--'], /record -- requires a command/],
    [['record', 'a.db', 'b.db'], /one trace file/],
    [['record', 'a.db', 'b.db', '--', 'true'], /one trace file/],
    [['info', 'a.db', 'b.db'], /too many arguments/],
    [['doctor', 'now'], /too many arguments/],
  ])('%j', async (args, text) => {
    const result = await runTool(args, { cwd: makeTemporaryDirectory() })
    expectError(result, 'E_USAGE', 2)
    expect(result.stderr).toMatch(text)
  })

  test('control characters of what was typed do not reach the terminal', async () => {
    const result = await runTool(['record', '--\u001b[2J\nerror: fake'])
    expectError(result, 'E_USAGE', 2)
    expect(result.stderr).toContain("error: unknown option '--\\x1b[2J\\x0aerror: fake' [E_USAGE]\n")
  })
})

describe('an error ends with 1, and three lines on stderr', () => {
  test.each([
    [['info', 'missing.db'], 'E_NO_SUCH_FILE'],
    [['analyze', 'top-endpoints', 'missing.db'], 'E_NO_SUCH_FILE'],
    [['info'], 'E_NO_SUCH_FILE'],
  ])('%j: %s', async (args, code) => {
    const { status, stdout, stderr } = await runTool(args, { cwd: makeTemporaryDirectory() })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(new RegExp(`^error: .*\\[${code}\\]\nreason: .+\nhint: .+\n$`))
  })
})

describe('a trace', () => {
  test('is looked for in the working directory when none is named', async () => {
    const cwd = join(makeClosedTrace(), '..')
    mkdirSync(join(cwd, 'sub'))
    const { status, stdout } = await runTool(['info', 'trace.db'], { cwd })
    expect([status, stdout.split(':')[0]]).toEqual([0, 'trace.db'])
  })

  test('is analyzed into data, and nothing else', async () => {
    const file = makeClosedTrace(3)
    const { status, stdout, stderr } = await runTool(['analyze', 'top-endpoints', file, '--format', 'json'])
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toHaveLength(3)
  })
})

test('no format writes a colour into a pipe, and each ends its last line', async () => {
  const file = makeClosedTrace(3)
  for (const format of ['table', 'json', 'jsonl', 'csv', 'markdown']) {
    const { status, stdout } = await runTool(['analyze', 'top-endpoints', file, '--format', format], {
      env: { TERM: 'xterm' },
    })
    expect([format, status]).toEqual([format, 0])
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
    expect(stdout).toMatch(/[^\n]\n$/)
  }
})

describe('a reader that has seen enough', () => {
  test.each([
    ['help', () => ['record', '--help']],
    ['a few lines', () => ['info', makeClosedTrace()]],
    ['more than a pipe holds', () => ['analyze', 'top-endpoints', makeClosedTrace(1000), '--format', 'json']],
    ['a long table', () => ['analyze', 'top-endpoints', makeClosedTrace(20_000), '--limit', '20000']],
    ['a long CSV file', () => ['analyze', 'top-endpoints', makeClosedTrace(20_000), '--format', 'csv']],
    ['a list', () => ['analyze', '--list']],
  ])('is no error: %s', async (_, args) => {
    expect(await runIntoClosedPipe(args())).toEqual({ status: 0, stderr: '' })
  })
})

describe("program names of bcc's tools", () => {
  test.each(['tcpconnect', 'tcpconnlat'])('errors and help of %s have its name', async (name) => {
    const tool = linkTool(name)
    for (const args of [['--ebpf'], ['-x'], ['-p', 'x'], ['1', '2']]) {
      const finished = await run([tool, ...args])
      expectError(finished, 'E_USAGE', 2)
      expect(finished.stderr).toMatch(new RegExp(`^error: ${name}: `))
      expect(finished.stderr).toContain(`hint: see ${name} --help\n`)
    }
    expect(await run([tool, '--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(new RegExp(`^Usage: ${name} `)),
      stderr: '',
    })
  })

  test.for(['tcpconnect', 'tcpconnlat'])('%s without privileges says so by its name', async (name, context) => {
    skipUnlessNodeIsShared(context)
    const finished = await run([linkTool(name)], asNobody())
    expectError(finished, 'E_NOT_PRIVILEGED')
    expect(finished.stderr).toMatch(new RegExp(`^error: ${name}: `))
  })

  test('tcpconnect -c -d is a wrong use', async () => {
    const finished = await run([linkTool('tcpconnect'), '-c', '-d'])
    expectError(finished, 'E_USAGE', 2)
    expect(finished.stderr).toContain('--count: "--dns"')
  })
})
