import { writeFileSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { analyze, type AnalyzeOptions } from '../../src/analyze/analyze.js'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { topEndpoints } from '../../src/analyze/queries/top-endpoints.js'
import type { StoredQuery } from '../../src/analyze/queries/stored-query.js'
import { UsageError } from '../../src/errors.js'
import { describeError } from '../../src/report-error.js'
import { createRandom } from '../store/random.js'
import { insertSession, makeTrace } from '../store/hand-made-trace.js'
import { makeSampleTrace, sampleEvents } from './sample-trace.js'

const LOSS = { ringFull: 5, mapFull: 0, writerBehind: 0, missed: 0 }

afterEach(() => void vi.restoreAllMocks())

/** Runs a query, and gives what it said. */
function runQuery(file: string, options: Partial<AnalyzeOptions> = {}, query: StoredQuery = topEndpoints) {
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => Boolean((said[name] += text as string)))
  }
  try {
    analyze(query, file, { format: 'table', ...options })
  } finally {
    vi.restoreAllMocks()
  }
  return said
}

/** The code and the text of what is thrown. */
function failureOf(body: () => unknown): { code: string; text: string } {
  try {
    body()
  } catch (error) {
    return { code: (error as { code: string }).code, text: describeError(error).text }
  }
  throw new Error('nothing was thrown')
}

const manyEndpoints = Array.from({ length: 30 }, (_, i) => ({ remotePort: i + 1 }))

describe('a table', () => {
  test('has 20 rows, or as many as asked for', () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    expect(runQuery(file).stdout).toMatch(/… and 10 more endpoints/)
    expect(runQuery(file, { limit: '25' }).stdout).toMatch(/… and 5 more endpoints/)
    expect(runQuery(file, { limit: '30' }).stdout).not.toContain('more endpoints')
  })

  test('begins with the loss', () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints], loss: LOSS })
    expect(runQuery(file).stdout).toMatch(/^LOST 5 attempts: 5 ring full\nADDRESS/)
  })
})

describe('JSON', () => {
  test('has all rows, or as many as asked for', () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints] })
    expect(JSON.parse(runQuery(file, { format: 'json' }).stdout)).toHaveLength(30)
    expect(JSON.parse(runQuery(file, { format: 'json', limit: '3' }).stdout)).toHaveLength(3)
  })

  test('is nothing but data: the loss goes to stderr', () => {
    const { file } = makeSampleTrace({ batches: [manyEndpoints], loss: LOSS })
    const { stdout, stderr } = runQuery(file, { format: 'json' })
    expect(JSON.parse(stdout)).toHaveLength(30)
    expect(stderr).toBe('LOST 5 attempts: 5 ring full\n')
  })
})

test('the newest session is asked, or the one that is named', () => {
  const { file } = makeSampleTrace({ batches: [manyEndpoints], loss: LOSS }, { batches: [[{}]] })
  expect(runQuery(file).stdout).not.toContain('LOST')
  expect(JSON.parse(runQuery(file, { format: 'json', session: '1' }).stdout)).toHaveLength(30)
  expect(JSON.parse(runQuery(file, { format: 'json', session: 'all' }).stdout)).toHaveLength(31)
})

test.each(['0', '-1', 'x', '1.5', '', '9999999999'])('--limit %j is refused', (limit) => {
  const { file } = makeSampleTrace({ batches: [] })
  expect(() => runQuery(file, { limit })).toThrow(UsageError)
  expect(() => runQuery(file, { limit })).toThrow(`--limit: ${JSON.stringify(limit)} is not accepted`)
})

test('a query sees one state of a trace that is being recorded', () => {
  const trace = makeSampleTrace({ batches: [manyEndpoints], goodbye: false })
  const seen: unknown[] = []
  const query: StoredQuery = {
    ...topEndpoints,
    run(db) {
      for (let i = 0; i < 2; i++) {
        seen.push(db.prepare('SELECT count(*) FROM connect_attempt').pluck().get())
        trace.add({ batches: [[{}]], goodbye: false })
      }
      return { columns: [], rows: [], notes: [] }
    },
  }
  runQuery(trace.file, {}, query)
  expect(seen).toEqual([30, 30])
})

describe('a damaged trace', () => {
  /** A trace in whose table of attempts a page is overwritten. */
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

  test('is told as one when the damage is met, not as a bug', () => {
    const file = makeDamaged()
    expect(failureOf(() => runQuery(file))).toMatchObject({
      code: 'E_DAMAGED_TRACE',
      text: expect.stringContaining('.recover'),
    })
    expect(failureOf(() => describeTrace(file)).code).toBe('E_DAMAGED_TRACE')
  })

  test('that lacks its tables is told in words of ours', () => {
    const trace = makeTrace()
    trace.db.exec('DROP VIEW connects; DROP TABLE batch')
    insertSession(trace)
    expect(failureOf(() => runQuery(trace.file)).code).toMatch(/^E_(DAMAGED|NOT_A)_TRACE$/)
    expect(failureOf(() => describeTrace(trace.file)).code).toMatch(/^E_(DAMAGED|NOT_A)_TRACE$/)
  })

  test('cannot steer the terminal through what SQLite says of it', () => {
    const trace = makeTrace()
    trace.db.unsafeMode(true)
    trace.db.pragma('writable_schema = ON')
    const insert = trace.db.prepare(`INSERT INTO sqlite_schema VALUES ('table', ?, 'x', 0, 'CREATE TABLE nonsense(')`)
    insert.run('x\x1b]0;title\x07')
    trace.db.close()
    const { code, text } = failureOf(() => runQuery(trace.file))
    expect(code).toBe('E_DAMAGED_TRACE')
    expect(text).not.toMatch(/[\x1b\x07]/)
  })
})
