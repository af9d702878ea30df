import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chunkLines } from '../../../src/analyze/result/format.js'
import { renderCsv } from '../../../src/analyze/result/render-csv.js'
import type { ColumnKind, Result } from '../../../src/analyze/result/result.js'
import { openDuckdb } from '../../engines/duckdb.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { SAMPLE } from './sample-result.js'

const DUCKDB_TYPES: Record<ColumnKind, string> = {
  text: 'VARCHAR',
  count: 'BIGINT',
  percent: 'DOUBLE',
  duration: 'BIGINT',
  time: 'BIGINT',
  rate: 'DOUBLE',
  number: 'DOUBLE',
}

/** What DuckDB reads from a file, with the types that the columns have. */
async function readWithDuckdb(result: Result, types: Partial<Record<string, string>> = {}): Promise<unknown[][]> {
  const path = join(makeTemporaryDirectory(), 'result.csv')
  writeFileSync(path, [...chunkLines(renderCsv(result))].join(''))
  const columns = result.columns.map(({ name, kind }) => `'${name}': '${types[name] ?? DUCKDB_TYPES[kind]}'`)
  const { connection, close } = await openDuckdb()
  const options = `delim = ',', quote = '"', escape = '"', header = true, auto_detect = false, allow_quoted_nulls = false`
  const reader = await connection.runAndReadAll(
    `SELECT * FROM read_csv('${path}', ${options}, columns = {${columns.join(', ')}})`,
  )
  const rows = reader.getRowsJS()
  close()
  return rows
}

test('DuckDB reads every value of every kind', async () => {
  const rows = await readWithDuckdb(SAMPLE, { pid: 'BIGINT' })
  const exe = SAMPLE.columns.length - 1
  const expected = SAMPLE.rows.map((row, i) =>
    row.map((value, position) => {
      const { kind, name } = SAMPLE.columns[position]!
      if (value === null) return null
      // Escapes are visible, and formulas have an apostrophe before them.
      if (i === 4 && position === 0) return "'=1+1"
      if (i === 4 && position === exe) return '\\x1b]0;title\\x07\\x0a\\u{202e}gnp\\\\\u{1f600}'
      if (kind === 'text') return String(value)
      return name === 'pid' || DUCKDB_TYPES[kind] === 'BIGINT' ? BigInt(value) : value
    }),
  )
  expect(rows).toEqual(expected)
})

test('DuckDB reads random texts full of quotes, commas and blanks', async () => {
  const random = createRandom(7)
  const characters = ['"', ',', ' ', 'a', "'", ';', '日', '😀', '|', '#']
  const text = () =>
    Array.from({ length: randomInteger(random, 0, 12) }, () => characters[randomInteger(random, 0, 9)]).join('')
  const columns = ['a', 'b'].map((name) => ({ name, heading: name, kind: 'text' as const }))
  const rows = Array.from({ length: 2000 }, () => [random() < 0.1 ? null : text(), text()])
  expect(await readWithDuckdb({ ...SAMPLE, columns, rows })).toEqual(rows)
})

test('each row is one line without raw control characters', () => {
  const lines = [...renderCsv(SAMPLE)]
  expect(lines).toHaveLength(SAMPLE.rows.length + 1)
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
})

test('the header has all columns, including hidden ones, and is the only line without rows', () => {
  const header = 'remote_address,remote_port,first_seen_ns,attempts,rate,failed_percent,p50_ns,factor,pid,exe'
  expect([...renderCsv({ ...SAMPLE, rows: [] })]).toEqual([header])
})

test('numbers are raw, and NULL is empty', () => {
  const lines = [...renderCsv(SAMPLE)]
  expect(lines[1]).toBe('192.0.2.7,443,1769853605123456789,1234567,12.34,0.04,123456,1.5,1,/usr/bin/curl')
  expect(lines[4]).toBe(',,,,,,,,,')
  expect(lines[3]).toContain(',-3,')
})
