import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exportTrace } from '../../../src/analyze/export/export-trace.js'
import { renderArrow } from '../../../src/analyze/export/render-arrow.js'
import { renderParquet } from '../../../src/analyze/export/render-parquet.js'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { Result } from '../../../src/analyze/result/result.js'
import { readArrow } from '../../engines/apache-arrow.js'
import { readParquetWithArrowRs } from '../../engines/arrow-rs.js'
import { queryClickhouse, readWithClickhouse } from '../../engines/clickhouse.js'
import { queryDuckdb, readParquet } from '../../engines/duckdb.js'
import { plainValue, type Found } from '../../engines/found.js'
import { readParquetInJavascript } from '../../engines/hyparquet.js'
import { readWithPolars } from '../../engines/polars.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { toolCommand } from '../../support/tool.js'
import { runQuery } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'
import { EXPORT_NAMES, exportRows, makeHardTrace } from './hard-trace.js'

type Format = 'parquet' | 'arrow' | 'arrow stream'
type Reader = (path: string) => Found | Promise<Found>

/** Every engine that reads a format, by format. */
const ENGINES: Readonly<Record<Format, Readonly<Record<string, Reader>>>> = {
  parquet: {
    DuckDB: readParquet,
    'arrow-rs': readParquetWithArrowRs,
    ClickHouse: (path) => readWithClickhouse(path, 'Parquet'),
    hyparquet: readParquetInJavascript,
    polars: (path) => readWithPolars(path, 'parquet'),
  },
  arrow: {
    'apache-arrow': readArrow,
    ClickHouse: (path) => readWithClickhouse(path, 'Arrow'),
    polars: (path) => readWithPolars(path, 'arrow'),
  },
  'arrow stream': {
    'apache-arrow': readArrow,
    ClickHouse: (path) => readWithClickhouse(path, 'ArrowStream'),
    polars: (path) => readWithPolars(path, 'arrow stream'),
  },
}

/** Expects the same columns and rows from each engine. */
async function expectFromAll(format: Format, path: string, expected: Found): Promise<void> {
  for (const [engine, read] of Object.entries(ENGINES[format])) {
    const { names, rows } = await read(path)
    expect(names, engine).toEqual(expected.names)
    // expect() would search for a difference in a hundred thousand values.
    const different = rows.findIndex((row, i) => row.some((value, j) => value !== expected.rows[i]?.[j]))
    expect(rows[different], engine).toEqual(expected.rows[different])
    expect([different, rows.length], engine).toEqual([-1, expected.rows.length])
  }
}

/** Exports sessions of a trace into a new file; a stream is in the format that stdout gets. */
async function exportAs(format: Format, file: string, session = 'all'): Promise<string> {
  const output = join(makeTemporaryDirectory(), 'out')
  if (format !== 'arrow stream') await exportTrace([file], { format, output, session, quiet: true })
  else {
    const [program = '', ...args] = toolCommand(['export', file, '--format', 'arrow', '--session', session, '--quiet'])
    const stdout = openSync(output, 'w')
    execFileSync(program, args, { stdio: ['ignore', stdout, 'inherit'] })
    closeSync(stdout)
  }
  return output
}

async function renderAs(format: Format, result: Result): Promise<string> {
  const output = join(makeTemporaryDirectory(), 'out')
  writeFileSync(
    output,
    format === 'parquet' ? await renderParquet(result) : renderArrow(result, format === 'arrow' ? 'file' : 'stream'),
  )
  return output
}

/** A trace of one session without names, user, cgroup or failures: many columns have no values. */
function makeBareTrace(): string {
  const trace = makeSampleTrace({
    batches: [Array.from({ length: 300 }, (_, i) => ({ startedNs: BigInt(i) * 10n ** 9n }))],
  })
  trace.db.exec(`UPDATE process SET exe = NULL, user = NULL; UPDATE local_address SET local_address = NULL;
    UPDATE connect_attempt SET local_endpoint = local_endpoint & ~65535; UPDATE session SET boot_id = ''`)
  trace.db.pragma('journal_mode = DELETE')
  trace.db.close()
  return trace.file
}

/** The values of a result in a file: texts if a column contains a text. */
function resultRows({ columns, rows }: Result): unknown[][] {
  const isText = columns.map(({ kind }, i) => kind === 'text' && rows.some((row) => typeof row[i] === 'string'))
  return rows.map((row) => row.map((value, i) => (value !== null && isText[i] ? String(value) : plainValue(value))))
}

describe.each(Object.keys(ENGINES) as Format[])('engines read %s:', (format) => {
  test.each([
    ['every value of every column', 'all', 4551],
    ['no rows', '3', 0],
    ['one row', '4', 1],
  ])('%s', async (_, session, count) => {
    const file = makeHardTrace()
    const rows = exportRows(file, session === 'all' ? '1' : `session_id = ${session}`)
    expect(rows).toHaveLength(count)
    await expectFromAll(format, await exportAs(format, file, session), { names: EXPORT_NAMES, rows })
  })

  test('columns without values', async () => {
    const file = makeBareTrace()
    const rows = exportRows(file)
    const empty = EXPORT_NAMES.filter((_, i) => rows.every((row) => row[i] === null))
    expect(empty).toEqual(expect.arrayContaining(['errno', 'exe', 'user', 'local_address', 'local_port', 'dns_name']))
    await expectFromAll(format, await exportAs(format, file), { names: EXPORT_NAMES, rows })
  })

  test.each(CATALOGUE.map((query) => [query.name, query] as const))('the result of %s', async (_, query) => {
    const file = makeHardTrace()
    const isOfTwo = query.files !== undefined
    const asked = isOfTwo ? { values: { all: 'all' } } : {}
    const result = runQuery(query, isOfTwo ? [file, file] : [file], { session: isOfTwo ? '1' : 'all' }, asked)
    expect(result.rows.length).toBeGreaterThan(0)
    const names = result.columns.map(({ name }) => name)
    await expectFromAll(format, await renderAs(format, result), { names, rows: resultRows(result) })
  })
})

test('engines read every value of a partitioned set, whose host looks like a number', async () => {
  const file = makeHardTrace({ host: '0042' })
  const output = join(makeTemporaryDirectory(), 'set')
  await exportTrace([file], { format: 'parquet', output, partition: 'host,date', session: 'all', quiet: true })
  const paths = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'))
  expect(paths.length).toBeGreaterThan(4)
  const [session, attempt] = [EXPORT_NAMES.indexOf('session_id'), EXPORT_NAMES.indexOf('attempt_id')]
  const expected = exportRows(file)
  for (const [engine, read] of Object.entries(ENGINES.parquet)) {
    const rows: unknown[][] = []
    for (const path of paths) {
      const found = await read(join(output, path))
      expect(found.names, engine).toEqual([...EXPORT_NAMES, 'unix_offset_ns', 'flags', 'process_id'])
      rows.push(...found.rows.map((row) => row.slice(0, EXPORT_NAMES.length)))
    }
    const inOrder = rows.toSorted(
      (a, b) => Number(a[session]) - Number(b[session]) || Number(a[attempt]) - Number(b[attempt]),
    )
    expect(inOrder, engine).toEqual(expected)
  }

  const [all, asText] = [`${output}/*/*/*.parquet`, 'host, min(CAST(date AS VARCHAR)), count(*)']
  const whole = [['0042', '2023-11-11', BigInt(expected.length)]]
  expect((await queryDuckdb(`SELECT ${asText} FROM '${all}' GROUP BY host`)).rows).toEqual(whole)
  expect(queryClickhouse(`SELECT ${asText} FROM file('${all}', Parquet) GROUP BY host`).rows).toEqual(whole)
})
