// First import: it counts in modules that are loaded after it.
import { countAnalysis, type AnalysisWork } from './count-analysis.js'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import { describeTrace } from '../../../src/analyze/info/describe-trace.js'
import { selectScope, type RawScope } from '../../../src/analyze/options/select-scope.js'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { buildPage } from '../../../src/analyze/report/build-page.js'
import { collectReport } from '../../../src/analyze/report/collect-report.js'
import { FORMATS } from '../../../src/analyze/formats.js'
import { readStatement } from '../../../src/analyze/sql/read-statement.js'
import { createSqlQuery } from '../../../src/analyze/sql/sql-query.js'
import { describeCover, describeLoss } from '../../../src/analyze/scan/session-facts.js'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { TcpconnError } from '../../../src/base/errors.js'
import { choosePaint } from '../../../src/text/paint.js'
import { migrate } from '../../../src/store/migrate.js'
import { findDamage } from '../../../src/store/find-damage.js'
import { createRandom } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { addLookups } from '../add-lookups.js'
import { sampleEvents } from '../sample-events.js'
import { makeSampleTrace } from '../sample-trace.js'

/**
 * No query of these traces reads 200,000 rows and pages. A query that starts again for each row reads many millions.
 */
const MAX_READS = 1_000_000
/** The largest sums have five million numbers, and no query decodes more than 41 million. */
const MAX_NUMBERS = 100_000_000
/** Queries of a report that decode all sums: users, processes, threads, containers, pods. */
const REPORT_QUERIES = 5

/** Throws if an analysis did more work than these traces need. */
export function expectBounded({ reads, numbers }: AnalysisWork, what: string, maxNumbers = MAX_NUMBERS): void {
  expect(reads, `rows and pages of ${what}`).toBeLessThan(MAX_READS)
  expect(numbers, `stored numbers of ${what}`).toBeLessThan(maxNumbers)
}

const FORMAT_NAMES = ['table', 'json', 'csv'] as const
const sql = (text: string) => createSqlQuery('sql', readStatement(text))
const QUERIES = [...CATALOGUE, sql('SELECT time, comm, remote_address, latency_ns FROM connects')]

/** Runs a query like the tool. Returns the code of the error, or `ok`. */
export async function ask(file: string, query: StoredQuery, raw: RawScope): Promise<string> {
  try {
    const { result, loss, cover } = withTraces([file], (traces) => {
      const scope = selectScope(traces, raw)
      const settings = { limit: 50, sort: null, width: 80, values: {} }
      return { result: query.run(scope, settings), loss: describeLoss(scope.parts), cover: describeCover(scope.parts) }
    })
    const view = { width: 80, paint: choosePaint(false, {}), loss, cover }
    for (const name of FORMAT_NAMES) for (const chunk of await FORMATS[name].render(result, view)) void chunk
    return 'ok'
  } catch (error) {
    return codeOf(findDamage([file], error))
  }
}

function codeOf(error: unknown): string {
  if (error instanceof TcpconnError) return error.code
  throw error
}

function askInfo(file: string): string {
  try {
    expect(describeTrace(file).join('\n')).not.toContain('\x1b')
    return 'ok'
  } catch (error) {
    return codeOf(error)
  }
}

/** The page is small, whatever a trace contains. */
const MAX_PAGE_BYTES = 400_000

function askReport(file: string): string {
  try {
    const page = buildPage(collectReport([file], { session: 'all' }))
    expect(Buffer.byteLength(page), 'bytes of the report').toBeLessThan(MAX_PAGE_BYTES)
    return 'ok'
  } catch (error) {
    return codeOf(error)
  }
}

/** Runs everything that reads a file. Throws for an error that is not a TcpconnError, and for too much work. */
export async function askAll(file: string): Promise<Set<string>> {
  const codes = new Set<string>()
  const measure = async (what: string, body: () => Promise<string>, maxNumbers = MAX_NUMBERS) => {
    const work = countAnalysis()
    codes.add(await body())
    expectBounded(work(), what, maxNumbers)
  }
  await measure('info', async () => askInfo(file))
  await measure('report', async () => askReport(file), REPORT_QUERIES * MAX_NUMBERS)
  for (const query of QUERIES) {
    await measure(query.name, () => ask(file, query, { session: 'all' }))
    await measure(`${query.name} --exact`, () => ask(file, query, { exact: true, since: '+1s' }))
  }
  return codes
}

/** A closed trace of two sessions, with windows and rows after them, and with DNS lookups. */
function makeClosed(): string {
  const random = createRandom(1)
  const first = {
    batches: [sampleEvents(random, 400), null, sampleEvents(random, 300), null, sampleEvents(random, 50)],
  }
  const trace = makeSampleTrace(first, {
    batches: [sampleEvents(random, 300), null, sampleEvents(random, 9)],
    goodbye: false,
  })
  addLookups(trace.db, random, 60)
  trace.db.pragma('journal_mode = DELETE')
  trace.db.close()
  return trace.file
}

/** A column of a table. */
export interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
}

/** The columns of all tables of a trace. */
export function listColumns(): Column[] {
  const db = new Database(':memory:')
  migrate(db)
  const query = `SELECT m.name AS "table", p.name AS name, p.type AS type FROM sqlite_schema AS m, pragma_table_info(m.name) AS p
    WHERE m.type = 'table'`
  const columns = db.prepare(query).all() as Column[]
  db.close()
  return columns
}

let sample: Uint8Array | undefined

/** The bytes of a trace; made once per test file. */
export function readSample(): Uint8Array {
  sample ??= readFileSync(makeClosed())
  return sample
}

/** A file with this content. */
export function writeTrace(content: Uint8Array): string {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  writeFileSync(file, content)
  return file
}

/** The sample trace after running some SQL. */
export function changeTrace(statement: string): string {
  const file = writeTrace(readSample())
  const db = new Database(file)
  db.pragma('foreign_keys = OFF')
  db.exec(statement)
  db.close()
  return file
}
