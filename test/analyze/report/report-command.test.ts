import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { ReportData } from '../../../src/analyze/report/report-data.js'
import { withSharedTrace } from '../../../src/analyze/share/share-temporarily.js'
import { runTool, startTool } from '../../support/tool.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { waitUntil } from '../../support/wait-until.js'
import { makeDemoTrace } from './demo-trace.js'

function makeTrace(): string {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  makeDemoTrace(file, { minutes: 3, hasIncident: false })
  return file
}

test('a report is a new file that only its owner may read, or goes to stdout (SEC-52)', async () => {
  const file = makeTrace()
  const output = join(dirname(file), 'report.html')
  expect(await runTool(['report', file, '-o', output])).toMatchObject({ status: 0, stdout: '', stderr: '' })
  expect(statSync(output).mode & 0o777).toBe(0o600)
  const { stdout } = await runTool(['report', file, '-o', '-'])
  const withoutTime = (page: string) => page.replace(/Made by [^"]*/, '')
  expect(stdout).toMatch(/^<!doctype html>\n/)
  expect(withoutTime(stdout)).toBe(withoutTime(readFileSync(output, 'utf8')))
})

test('the options that chose the attempts are in the page', async () => {
  const { stdout } = await runTool(['report', makeTrace(), '--port', '443,5432', '--last', '1m', '-4', '-o', '-'])
  expect(stdout).toContain('["selected","--last 1m --port 443,5432 --ipv4"]')
})

/** What the traces of `makeDemoTrace` hold of somebody: names, addresses, texts of options, times. */
const SECRETS = [
  /192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8:/,
  /web-1|alice|www-data|\b(db|cache|payments)\.example|collector|php8|d3a1d3a1/,
  /trace-?\d?\.db|record --dns|2f1c4d34/,
  /2026-01-01|17672[25]\d{4}/,
]

test.each([
  ['one trace', 1],
  ['two traces', 2],
])('a shared report of %s has the same numbers, and no name, address or time of the original', async (_, count) => {
  const files = Array.from({ length: count }, makeTrace)
  const options = ['--uid', 'www-data,alice', '-o', '-']
  const [plain, shared] = await Promise.all([
    runTool(['report', ...files, ...options]),
    runTool(['report', ...files, '--share', ...options]),
  ])
  expect(shared).toMatchObject({ status: 0, stderr: '' })
  const [original, page] = [plain, shared].map(({ stdout }) => readData(stdout)) as [ReportData, ReportData]
  for (const secret of SECRETS) {
    expect(JSON.stringify(original)).toMatch(secret)
    expect(JSON.stringify(page)).not.toMatch(secret)
  }
  expect(page.made).toContain('Pseudonymised')
  // A part of a session is not checked against the kernel's count: the last figure.
  const figuresOf = ({ sides }: ReportData) => sides.map(({ figures }) => figures.slice(0, -1))
  expect(figuresOf(page)).toEqual(figuresOf(original))
  expect(page.sides.map(({ timeline }) => timeline)).toEqual(original.sides.map(({ timeline }) => timeline))
  expect(new Set(page.sides.map(({ endpoints }) => endpoints[0]?.name)).size).toBe(1)
})

test('with --level strict, a shared report has one token per name, and the same totals', async () => {
  const file = makeTrace()
  const dataOf = async (...options: string[]) =>
    readData((await runTool(['report', file, ...options, '-o', '-'])).stdout)
  const [byDefault, strict] = await Promise.all([dataOf('--share'), dataOf('--share', '--level', 'strict')])
  expect(byDefault.made).toContain('Pseudonymised, level default')
  expect(strict.made).toContain('Pseudonymised, level strict')
  for (const secret of SECRETS) expect(JSON.stringify(strict)).not.toMatch(secret)
  const namesOf = (data: ReportData) =>
    data.sides[0]!.tables.find(({ id }) => id === 'dns')!.rows.map(([name]) => String(name))
  const expected = (pattern: RegExp) => namesOf(byDefault).map(() => expect.stringMatching(pattern) as string)
  expect(namesOf(byDefault).length).toBeGreaterThan(3)
  expect(namesOf(byDefault)).toEqual(expected(/^domain-\w{8}\.example$/))
  expect(namesOf(strict)).toEqual(expected(/^name-\w{8}$/))
  expect(strict.sides[0]!.figures.slice(0, 2)).toEqual(byDefault.sides[0]!.figures.slice(0, 2))
})

test('with --key, a shared report has the pseudonyms of that key, and its owner can reveal them', async () => {
  const file = makeTrace()
  const cwd = dirname(file)
  const run = (...args: string[]) => runTool(args, { cwd })
  const created = await run('report', file, '--share', '--key', 'key', '-o', 'report.html')
  expect(created).toMatchObject({ status: 0, stdout: '' })
  expect(created.stderr).toContain(`created the key ${join(cwd, 'key')}: keep it, and do not give it away`)
  expect(statSync(join(cwd, 'key')).mode & 0o777).toBe(0o600)
  const page = readFileSync(join(cwd, 'report.html'), 'utf8')
  const endpoint = readData(page).sides[0]!.endpoints[0]!.name
  const users = readData(page)
    .sides[0]!.tables.find(({ id }) => id === 'users')!
    .rows.map(([user]) => String(user))
  const person = users.find((user) => user.startsWith('user-')) as string
  const { stdout } = await run('reveal', endpoint, person, '--key', 'key', '--trace', file)
  expect(stdout).toMatch(new RegExp(`^${endpoint}\t192\\.0\\.2\\.20:5432\n${person}\talice\n$`))
  const again = await run('report', file, '--share', '--key', 'key', '-o', '-')
  expect(again.stderr).toContain(`key ${join(cwd, 'key')}`)
  expect(readData(again.stdout)).toEqual(readData(page))
})

test('a shared report that a signal ends leaves nothing behind (SEC-66)', async () => {
  const directory = makeTemporaryDirectory()
  const tool = startTool(['report', makeTrace(), '--share', '-o', '-'], { env: { TMPDIR: directory } })
  const names = await waitUntil('a shared trace', () => {
    const found = readdirSync(directory)
    return found.length > 0 && found
  })
  tool.child.kill('SIGINT')
  // It may have ended before the signal came.
  await tool.finished
  expect(names).toEqual([expect.stringMatching(/^tcpconn-share-/)])
  expect(readdirSync(directory)).toEqual([])
})

test('a shared trace for a report is removed at the end of the process, also with what a reader left there', async () => {
  const file = makeTrace()
  const before = process.listeners('exit')
  await withSharedTrace([file], {}, (path) => {
    writeFileSync(`${path}-left`, '')
    for (const listener of process.listeners('exit')) if (!before.includes(listener)) listener(0)
    expect(existsSync(dirname(path))).toBe(false)
  })
})

/** The data of a page. */
function readData(page: string): ReportData {
  return JSON.parse(/ id="data">(.*)<\/script>\n/.exec(page)?.[1] ?? '') as ReportData
}

test.each([
  ['no output is named', [], 2, /--output/],
  ['the output exists', ['-o', 'taken.html'], 1, /taken\.html: it exists \[E_EXISTS\]/],
  ['its directory does not exist', ['-o', 'missing/report.html'], 1, /E_CANNOT_OPEN/],
  [
    'there are three files',
    ['trace.db', 'trace.db', '-o', 'report.html'],
    2,
    /one trace file or session, or two to compare/,
  ],
  ['a filter is wrong', ['--port', 'http', '-o', 'report.html'], 2, /--port/],
  ['a key is named without --share', ['--key', 'key', '-o', 'report.html'], 2, /--key: "without --share"/],
  ['a level is named without --share', ['--level', 'strict', '-o', 'report.html'], 2, /--level: "without --share"/],
  ['the level is unknown', ['--share', '--level', 'none', '-o', 'report.html'], 2, /--level takes default, strict/],
  ['the key is the report', ['--share', '--key', './report.html', '-o', 'report.html'], 2, /--key/],
  [
    'with a new key, a filter is wrong',
    ['--share', '--key', 'key', '--port', 'http', '-o', 'report.html'],
    2,
    /--port/,
  ],
  ['percentiles of every value are asked for', ['--exact', '-o', 'report.html'], 2, /--exact/],
] as const)('%s: it is refused, and nothing is written', async (_, args, status, message) => {
  const cwd = dirname(makeTrace())
  writeFileSync(join(cwd, 'taken.html'), 'mine')
  const before = readdirSync(cwd)
  const result = await runTool(['report', 'trace.db', ...args], { cwd })
  expect(result.status).toBe(status)
  expect(result.stderr).toMatch(message)
  expect(readdirSync(cwd)).toEqual(before)
  expect(readFileSync(join(cwd, 'taken.html'), 'utf8')).toBe('mine')
})

test('a damaged trace is refused with its own error, and leaves no page behind', async () => {
  const file = makeTrace()
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.fill(0xff, 8192, bytes.length >> 1))
  const output = join(dirname(file), 'report.html')
  const { status, stderr } = await runTool(['report', file, '-o', output])
  expect(status).toBe(1)
  expect(stderr).toContain('[E_DAMAGED_TRACE]')
  expect(readdirSync(dirname(file))).not.toContain('report.html')
})
