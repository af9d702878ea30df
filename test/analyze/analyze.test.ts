import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { analyze, type AnalyzeOptions } from '../../src/analyze/analyze.js'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { diff } from '../../src/analyze/queries/diff/diff.js'
import { topEndpoints } from '../../src/analyze/queries/top-endpoints/top-endpoints.js'
import type { StoredQuery } from '../../src/analyze/query/stored-query.js'
import { UsageError } from '../../src/base/errors.js'
import { describeError } from '../../src/cli/report-error.js'
import { createRandom } from '../store/random.js'
import { insertSession, makeTrace } from '../store/hand-made-trace.js'
import { sampleEvents } from './sample-events.js'
import { makeSampleTrace } from './sample-trace.js'

const LOSS = { ringFull: 5, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }

afterEach(() => void vi.restoreAllMocks())

/** Runs a query, and returns its output. */
async function runQuery(
  files: string | readonly string[],
  options: Partial<AnalyzeOptions> = {},
  query: StoredQuery = topEndpoints,
) {
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => Boolean((said[name] += text as string)))
  }
  try {
    await analyze(query, [files].flat(), { format: 'table', ...options })
  } finally {
    vi.restoreAllMocks()
  }
  return said
}

/** The code and the text of the error. */
async function failureOf(body: () => unknown): Promise<{ code: string; text: string }> {
  try {
    await body()
  } catch (error) {
    return { code: (error as { code: string }).code, text: describeError(error).text }
  }
  throw new Error('nothing was thrown')
}

/** The rows that a query prints as JSON. */
async function rowsOf(...args: Parameters<typeof runQuery>): Promise<Record<string, unknown>[]> {
  const [files, options, query] = args
  const { stdout } = await runQuery(files, { ...options, format: 'json' }, query)
  return JSON.parse(stdout) as Record<string, unknown>[]
}

const manyEndpoints = Array.from({ length: 30 }, (_, i) => ({ remotePort: i + 1 }))

describe('a table', () => {
  test('has 20 rows, or the requested number', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    expect((await runQuery(file)).stdout).toMatch(/\n… and 10 more rows \(--limit N shows more\)\n/)
    expect((await runQuery(file, { limit: '25' })).stdout).toMatch(/\n… and 5 more rows/)
    expect((await runQuery(file, { limit: '30' })).stdout).not.toContain('more row')
  })

  test('has the rows that the query wants, and reports the others (GAP-73)', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    const query = { ...topEndpoints, tableRows: 28 }
    expect((await runQuery(file, {}, query)).stdout).toMatch(/\n… and 2 more rows/)
    expect((await runQuery(file, { limit: '29' }, query)).stdout).toMatch(/\n… and 1 more row /)
  })

  test('begins with the loss', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints], loss: LOSS })
    expect((await runQuery(file)).stdout).toMatch(/^LOST 5 attempts: 5 ring full\nADDRESS/)
  })

  test('of several files names the sessions with loss, and the completeness of each', async () => {
    const [a, b] = [makeSampleTrace({ batches: [[{}]], loss: LOSS }), makeSampleTrace({ batches: [[{}]] })]
    const { stdout } = await runQuery([a.file, b.file])
    const lines = stdout.split('\n')
    expect(lines[0]).toBe(`${a.file}: LOST 5 attempts: 5 ring full`)
    expect(lines[1]).toMatch(/ADDRESS/)
    expect(stdout).toContain(`\n${a.file} session 1: 1 recorded + 5 lost`)
    expect(stdout).toContain(`\n${b.file} session 1: 1 recorded + 0 lost`)
  })

  test('without rows reports it', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    expect((await runQuery(file, { port: ['9999'] })).stdout).toMatch(/^no attempts match\nlatency covers/)
    expect(await rowsOf(file, { port: ['9999'] })).toEqual([])
  })
})

describe('JSON', () => {
  test('has all rows, or the requested number', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    expect(await rowsOf(file)).toHaveLength(30)
    expect(await rowsOf(file, { limit: '3' })).toHaveLength(3)
  })
})

describe.each(['json', 'jsonl', 'csv', 'markdown'] as const)('%s', (format) => {
  const trace = () => makeSampleTrace({ batches: [manyEndpoints], loss: LOSS })
  const HEAD_LINES = { json: 0, jsonl: 0, csv: 1, markdown: 2 }

  test('contains only data; the loss goes to stderr', async () => {
    const { stdout, stderr } = await runQuery(trace().file, { format })
    expect(stdout.trimEnd().split('\n')).toHaveLength(30 + HEAD_LINES[format])
    expect(stdout).not.toContain('latency covers')
    expect(stderr).toBe('LOST 5 attempts: 5 ring full\n')
  })

  test('is the same in a file', async () => {
    const { file } = trace()
    const output = join(dirname(file), 'output')
    const { stdout, stderr } = await runQuery(file, { format, output })
    expect([stdout, stderr]).toEqual(['', 'LOST 5 attempts: 5 ring full\n'])
    expect(readFileSync(output, 'utf8')).toBe((await runQuery(file, { format, output: '-' })).stdout)
  })
})

test('a file that is named twice is refused, but its sessions can be compared', async () => {
  const { file } = makeSampleTrace({ batches: [[{}]] }, { batches: [[{}]] })
  expect((await failureOf(() => runQuery([file, file]))).code).toBe('E_USAGE')
  expect((await runQuery([`${file}@1`, `${file}@2`], {}, diff)).stdout).toMatch(/^nothing changed beyond noise\n/)
})

describe('-o FILE', () => {
  test('installs no signal handlers while the query runs, so signals end the tool', async () => {
    const { file } = makeSampleTrace({ batches: [[{}]] })
    const output = join(dirname(file), 'output')
    const count = () => ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name))
    const before = count()
    let during: number[] = []
    const run: StoredQuery['run'] = (...asked) => {
      during = count()
      return topEndpoints.run(...asked)
    }
    await runQuery(file, { output }, { ...topEndpoints, run })
    expect(during).toEqual(before)
    expect(existsSync(output)).toBe(true)
  })

  test('refuses an existing file before the query runs, and does not change it', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    const output = join(dirname(file), 'output')
    writeFileSync(output, 'mine')
    const query = { ...topEndpoints, run: vi.fn(topEndpoints.run.bind(topEndpoints)) }
    expect((await failureOf(() => runQuery(file, { output }, query))).code).toBe('E_EXISTS')
    expect(query.run).not.toHaveBeenCalled()
    expect(readFileSync(output, 'utf8')).toBe('mine')
  })

  test('creates no file if the query fails', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    const output = join(dirname(file), 'output')
    const before = readdirSync(dirname(file)).toSorted()
    expect((await failureOf(() => runQuery(file, { output, sort: 'nonsense' }))).code).toBe('E_USAGE')
    expect(existsSync(output)).toBe(false)
    expect(readdirSync(dirname(file)).toSorted()).toEqual(before)
  })

  test('contains a table as without a terminal', async () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints], loss: LOSS })
    const output = join(dirname(file), 'output')
    const { stdout, stderr } = await runQuery(file, { output })
    expect([stdout, stderr]).toEqual(['', ''])
    expect(readFileSync(output, 'utf8')).toBe((await runQuery(file)).stdout)
  })
})

describe('notes about missing data', () => {
  const said = async (change: string, options: object = {}) => {
    const { db, file } = makeSampleTrace({ batches: [[{}]] }, { batches: [[{}]] })
    db.exec(change)
    const [table, data] = [await runQuery(file, options), await runQuery(file, { format: 'json', ...options })]
    return { table: table.stdout, data: data.stderr }
  }

  test('earlier sessions that are left out, below a table and with data (GAP-49)', async () => {
    const line = 'only the newest session: 1 earlier session left out (--session all)\n'
    const { table, data } = await said('')
    expect(table).toContain(`\n${line}`)
    expect(data).toBe(line)
    for (const session of ['all', '1']) {
      expect(await said('', { session })).toEqual({ table: expect.not.stringContaining('left out'), data: '' })
    }
  })

  test('attempts with an unknown process, above a table and with data (GAP-55)', async () => {
    const line = 'the process of 3 attempts is unknown: the ring was full\n'
    const { table, data } = await said('UPDATE session SET lost_process_count = 3', { session: '2' })
    expect(table.startsWith(line)).toBe(true)
    expect(data).toBe(line)
  })

  test('limits of the host, below a table and with data', async () => {
    const { table, data } = await said(`UPDATE session SET limits = '["connect(2) is redirected"]'`, { session: '2' })
    expect(table).toContain('\nconnect(2) is redirected\n')
    expect(data).toBe('connect(2) is redirected\n')
  })
})

test('uses the newest session, or the named one', async () => {
  const { file } = makeSampleTrace({ batches: [manyEndpoints], loss: LOSS }, { batches: [[{}]] })
  expect((await runQuery(file)).stdout).not.toContain('LOST')
  expect(await rowsOf(file, { session: '1' })).toHaveLength(30)
  expect(await rowsOf(file, { session: 'all' })).toHaveLength(31)
})

test.each(['0', '-1', 'x', '1.5', '', '9999999999'])('--limit %j is refused', async (limit) => {
  const { file } = makeSampleTrace({ batches: [] })
  await expect(runQuery(file, { limit })).rejects.toThrow(UsageError)
  await expect(runQuery(file, { limit })).rejects.toThrow(`--limit: ${JSON.stringify(limit)} is not accepted`)
})

describe('--sort', () => {
  const trace = () => makeSampleTrace({ batches: [manyEndpoints, manyEndpoints.slice(3, 5)] })

  test('sorts by a column, with or without its unit, in every format', async () => {
    const ports = async (sort: string) =>
      (await rowsOf(trace().file, { sort, limit: '2' })).map((row) => row.remote_port)
    expect(await ports('remote_port')).toEqual([1, 2])
    expect((await ports('share_percent')).toSorted()).toEqual([4, 5])
    expect((await ports('share')).toSorted()).toEqual([4, 5])
  })

  test('by an unknown column is refused with a suggestion', async () => {
    const { code, text } = await failureOf(() => runQuery(trace().file, { sort: 'atempts' }))
    expect(code).toBe('E_USAGE')
    expect(text).toMatch(
      /^error: --sort: "atempts" is not accepted.*\nreason: .*attempts.*\nhint: did you mean attempts\?\n$/,
    )
  })

  test('is checked even if a query has its own order', async () => {
    const stubborn: StoredQuery = {
      ...topEndpoints,
      run: (scope, settings) => topEndpoints.run(scope, { ...settings, sort: null }),
    }
    expect((await failureOf(() => runQuery(trace().file, { sort: 'nonsense' }, stubborn))).code).toBe('E_USAGE')
  })
})

test('a query reads one state of a trace that is being recorded', async () => {
  const trace = makeSampleTrace({ batches: [manyEndpoints], goodbye: false })
  const seen: unknown[] = []
  const query: StoredQuery = {
    ...topEndpoints,
    run({ parts: [part] }) {
      for (let i = 0; i < 2; i++) {
        seen.push(part!.trace.db.prepare('SELECT count(*) FROM connect_attempt').pluck().get())
        trace.add({ batches: [[{}]], goodbye: false })
      }
      return { columns: [], rows: [], hiddenRows: 0, notes: [] }
    },
  }
  await runQuery(trace.file, {}, query)
  expect(seen).toEqual([30, 30])
})

describe('a damaged trace', () => {
  /** A trace with an overwritten page in the table of attempts. */
  function makeDamaged(): string {
    const { file, db } = makeSampleTrace({ batches: [sampleEvents(createRandom(1), 5000)], goodbye: false })
    db.pragma('journal_mode = DELETE')
    const [page] = db
      .prepare(`SELECT pageno FROM dbstat WHERE name = 'connect_attempt' AND pagetype = 'leaf'`)
      .pluck()
      .all()
    const bytes = readFileSync(file)
    bytes.fill(0x55, ((page as number) - 1) * 4096, (page as number) * 4096)
    db.close()
    writeFileSync(file, bytes)
    return file
  }

  test('is reported as damaged when the query reads the damage, not as a bug', async () => {
    const file = makeDamaged()
    expect(await failureOf(() => runQuery(file))).toMatchObject({
      code: 'E_DAMAGED_TRACE',
      text: expect.stringContaining('.recover'),
    })
    expect((await failureOf(() => describeTrace(file))).code).toBe('E_DAMAGED_TRACE')
  })

  test('without its tables is reported with a TcpconnError', async () => {
    const trace = makeTrace()
    trace.db.exec('DROP VIEW connects; DROP TABLE batch')
    insertSession(trace)
    expect((await failureOf(() => runQuery(trace.file))).code).toMatch(/^E_(DAMAGED|NOT_A)_TRACE$/)
    expect((await failureOf(() => describeTrace(trace.file))).code).toMatch(/^E_(DAMAGED|NOT_A)_TRACE$/)
  })

  test('control characters in messages of SQLite are escaped', async () => {
    const trace = makeTrace()
    trace.db.unsafeMode(true)
    trace.db.pragma('writable_schema = ON')
    const insert = trace.db.prepare(`INSERT INTO sqlite_schema VALUES ('table', ?, 'x', 0, 'CREATE TABLE nonsense(')`)
    insert.run('x\x1b]0;title\x07')
    trace.db.close()
    const { code, text } = await failureOf(() => runQuery(trace.file))
    expect(code).toBe('E_DAMAGED_TRACE')
    expect(text).not.toMatch(/[\x1b\x07]/)
  })
})
