import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { exportTrace } from '../../src/analyze/export/export-trace.js'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { selectScope, type RawScope } from '../../src/analyze/options/select-scope.js'
import { CATALOGUE } from '../../src/analyze/queries/catalogue.js'
import type { StoredQuery } from '../../src/analyze/queries/stored-query.js'
import { FORMATS } from '../../src/analyze/result/formats.js'
import { readStatement } from '../../src/analyze/sql/read-statement.js'
import { createSqlQuery } from '../../src/analyze/sql/sql-query.js'
import { describeCover, describeLoss } from '../../src/analyze/trace/session-facts.js'
import { withTraces } from '../../src/analyze/trace/trace.js'
import { TcpconnError } from '../../src/errors.js'
import { choosePaint } from '../../src/show/paint.js'
import { findDamage } from '../../src/store/find-damage.js'
import { OUTCOMES } from '../../src/store/outcome.js'
import { createVarintWriter } from '../../src/store/varint.js'
import { createRandom, randomInteger } from '../store/random.js'
import { startCpuClock } from '../support/cpu-clock.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { addLookups } from './add-lookups.js'
import { sampleEvents } from './sample-events.js'
import { makeSampleTrace } from './sample-trace.js'

/** CPU time that each answer may take: far more than any takes on a busy machine, and far less than what does not end. */
const LIMIT_MS = 10_000
const FORMAT_NAMES = ['table', 'json', 'csv'] as const
const sql = (text: string) => createSqlQuery('sql', readStatement(text))
const QUERIES = [...CATALOGUE, sql('SELECT time, comm, remote_address, latency_ns FROM connects')]

/** Asks as the tool does, and gives the code of the error or `ok`. */
async function ask(file: string, query: StoredQuery, raw: RawScope): Promise<string> {
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

/** Tables with texts in which rows have no number. */
const WITHOUT_ROWID = ['dns_address']

/** Every answer about a file; throws for one that is none of ours, or that took too long. */
async function askAll(file: string): Promise<Set<string>> {
  const codes = new Set<string>()
  const measure = async (what: string, body: () => Promise<string>) => {
    const cpuMs = startCpuClock()
    codes.add(await body())
    expect(cpuMs(), what).toBeLessThan(LIMIT_MS)
  }
  await measure('info', async () => askInfo(file))
  for (const query of QUERIES) {
    await measure(query.name, () => ask(file, query, { session: 'all' }))
    await measure(`${query.name} --exact`, () => ask(file, query, { exact: true, since: '+1s' }))
  }
  return codes
}

/** Bytes that are the same in each run, as an SQL literal. */
function anyBytes(seed: number): string {
  const random = createRandom(seed)
  return `x'${Buffer.from(Array.from({ length: 1000 }, () => Math.floor(256 * random()))).toString('hex')}'`
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

function varints(...values: number[]): Buffer {
  const writer = createVarintWriter()
  for (const value of values) writer.varint(value)
  return Buffer.from(writer.finish())
}

interface Sample {
  readonly bytes: Uint8Array
  readonly columns: readonly { readonly table: string; readonly name: string; readonly type: string }[]
}

let sample: Sample | undefined

/** The bytes of a trace and its columns; made once, by the test that is first. */
function readSample(): Sample {
  if (sample) return sample
  const file = makeClosed()
  const db = new Database(file)
  const columns = db
    .prepare(
      `SELECT m.name AS "table", p.name AS name, p.type AS type FROM sqlite_schema AS m, pragma_table_info(m.name) AS p
       WHERE m.type = 'table'`,
    )
    .all() as Sample['columns']
  db.close()
  sample = { bytes: readFileSync(file), columns }
  return sample
}

describe('a trace of a stranger is answered, or refused in words of ours, and soon', () => {
  const write = (content: Uint8Array) => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    writeFileSync(file, content)
    return file
  }
  /** The trace after some SQL. */
  const changed = (statement: string) => {
    const file = write(readSample().bytes)
    const db = new Database(file)
    db.pragma('foreign_keys = OFF')
    db.exec(statement)
    db.close()
    return file
  }

  test('as it is, it is answered', async () => {
    expect([...(await askAll(write(readSample().bytes)))]).toEqual(['ok'])
  })

  test('with bits flipped anywhere', { timeout: 400_000 }, async () => {
    const { bytes } = readSample()
    const codes = new Set<string>()
    for (let seed = 1; seed <= 24; seed++) {
      const random = createRandom(seed)
      const damaged = Uint8Array.from(bytes)
      // Often not in the first pages, which hold the schema: what lies behind a broken one is never looked at.
      const from = seed % 4 === 0 ? 100 : 16_384
      for (let i = randomInteger(random, 1, 20); i > 0; i--) {
        damaged[randomInteger(random, from, bytes.length - 1)]! ^= 1 << randomInteger(random, 0, 7)
      }
      for (const code of await askAll(write(damaged))) codes.add(code)
    }
    expect(codes).toContain('ok')
    expect(codes).toContain('E_DAMAGED_TRACE')
  })

  test('cut off anywhere', async () => {
    const { bytes } = readSample()
    for (let pages = 1; pages * 4096 < bytes.length; pages += 7) {
      await askAll(write(bytes.subarray(0, pages * 4096 + (pages % 2) * 1000)))
    }
  })

  const READ_BY_ALL = ['session', 'clock_offset', 'process', 'connect_attempt', 'batch', 'latency_window', 'dns_lookup']

  // A column at a time: one absurd value keeps most queries from looking at the others.
  test.each(['-1', '9223372036854775807'])('with integers of %s', { timeout: 400_000 }, async (value) => {
    const { columns } = readSample()
    const integers = columns.filter((column) => column.type === 'INTEGER' && READ_BY_ALL.includes(column.table))
    for (const { table, name } of integers) {
      await askAll(changed(`UPDATE OR IGNORE "${table}" SET "${name}" = ${value}`))
    }
  })

  test('with names that are longer than any', async () => {
    const texts = readSample().columns.filter(({ type, table }) => type === 'TEXT' && !table.startsWith('window_'))
    const assignments = (table: string) =>
      texts.filter((column) => column.table === table).map(({ name }) => `"${name}" = printf('%.*c', 300000, 'x')`)
    for (const table of new Set(texts.map((column) => column.table))) {
      const where = WITHOUT_ROWID.includes(table) ? '1' : `rowid = (SELECT min(rowid) FROM "${table}")`
      await askAll(changed(`UPDATE OR IGNORE "${table}" SET ${assignments(table).join(', ')} WHERE ${where}`))
    }
  })

  test('with names that would steer the terminal', async () => {
    const file = changed(
      `UPDATE process SET comm = char(27) || ']0;title' || char(7); UPDATE session SET host = char(155) || '31m'`,
    )
    expect([...(await askAll(file))]).toEqual(['ok'])
  })

  test.each<readonly [string, string]>([
    ['no bytes', 'zeroblob(0)'],
    ['zeros', 'zeroblob(100000)'],
    ...[1, 2, 3].map((seed) => [`any bytes, ${seed}`, anyBytes(seed)] as const),
    ['an endless number', `x'${'ff'.repeat(2000)}'`],
    ['an endless zero', `x'${'80'.repeat(2000)}'`],
    ['every mask', `CAST(replace(hex(zeroblob(5000)), '00', x'ff7f01') AS BLOB)`],
  ])('with sums of %s', async (_, blob) => {
    await askAll(changed(`UPDATE window_sums SET sums = ${blob}`))
  })

  test.each(['endpoint', 'process', 'second'])('with no sums by %s, though with others', async (dimension) => {
    const codes = await askAll(changed(`DELETE FROM window_sums WHERE dimension = '${dimension}'`))
    expect(codes).toContain('E_DAMAGED_TRACE')
  })

  test.each([
    ['one by one', Buffer.concat([varints(0, 2 ** 40), Buffer.alloc(60e6, 1)])],
    ['as bits', Buffer.alloc(60e6, Buffer.concat([varints(1, 128 * 2 + 1), Buffer.alloc(128, 0xff)]))],
  ])('with a process that connected to more endpoints than there are, %s', async (_, ids) => {
    const file = changed('')
    const db = new Database(file)
    const process = db.prepare('SELECT min(process_id) FROM process').pluck().get() as number
    const hasMembers = 1 << (OUTCOMES.length + 2)
    const sums = Buffer.concat([varints(process, hasMembers, ids.length), ids])
    db.prepare(`UPDATE window_sums SET sums = ? WHERE window_id = 1 AND dimension = 'process'`).run(sums)
    db.close()
    const cpuMs = startCpuClock()
    const byProcess = CATALOGUE.find(({ name }) => name === 'by-process') as StoredQuery
    expect(await ask(file, byProcess, { session: 'all' })).toBe('ok')
    expect(cpuMs()).toBeLessThan(2 * LIMIT_MS)
  })

  test.each(['endpoint', 'process'])('with sums of more of them than there are: %s', async (dimension) => {
    const sums = `CAST(replace(hex(zeroblob(5000000)), '0000', x'0100') AS BLOB)`
    const file = changed(`UPDATE window_sums SET sums = ${sums} WHERE dimension = '${dimension}'`)
    expect(await askAll(file)).toEqual(new Set(['ok']))
  })

  test('with windows and batches that overlap ten thousand times', async () => {
    const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000)'
    const file = changed(`
      DELETE FROM window_sums;
      ${many} INSERT INTO latency_window SELECT i + 1000, 2, 1, 1000000000, 0, 60000000000, 0, 0, 0, 0, 0, 0, 0 FROM n;
      ${many} INSERT INTO batch SELECT i + 1000, 2, 1, 1000000000, 1, 0, 60000000000, 0, 0, 0, 0, 0 FROM n`)
    await askAll(file)
  })

  test('with a clock that was set a hundred thousand times', async () => {
    const random = createRandom(2)
    const { file, db } = makeSampleTrace({
      batches: [sampleEvents(random, 30_000), null, sampleEvents(random, 30_000)],
    })
    db.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
      INSERT INTO clock_offset SELECT session_id, i * 590000, 1700000000000000000 + i * i % 1000003 FROM n, session`)
    db.pragma('journal_mode = DELETE')
    db.close()
    // As SQL, so many times are an expression that SQLite refuses.
    expect(await askAll(file)).toEqual(new Set(['ok', 'E_SQL']))
    const cpuMs = startCpuClock()
    const [output, partition] = [join(makeTemporaryDirectory(), 'data-set'), 'date']
    await exportTrace([file], { format: 'parquet', output, partition, since: '+1s', quiet: true })
    expect(cpuMs(), 'export').toBeLessThan(LIMIT_MS)
  })

  test('with a b-tree that names its own pages', async () => {
    const { bytes } = readSample()
    const file = write(bytes)
    const db = new Database(file)
    const root = db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'connect_attempt'`).pluck().get() as number
    db.close()
    const damaged = Uint8Array.from(bytes)
    const page = new DataView(damaged.buffer, (root - 1) * 4096, 4096)
    expect(page.getUint8(0), 'an interior page').toBe(5)
    for (let cell = 0; cell < page.getUint16(3); cell++) page.setUint32(page.getUint16(12 + cell * 2), root)
    page.setUint32(8, root)
    expect(await askAll(write(damaged))).toContain('E_DAMAGED_TRACE')
  })
})
