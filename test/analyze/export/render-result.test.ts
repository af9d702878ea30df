import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderArrow } from '../../../src/analyze/export/render-arrow.js'
import { renderParquet } from '../../../src/analyze/export/render-parquet.js'
import type { ColumnKind, Result, Value } from '../../../src/analyze/result/result.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { readArrowFile, readArrowStream } from '../../engines/arrow-rs.js'
import { readParquet, type FoundWithTypes } from '../../engines/duckdb.js'

function resultOf(columns: readonly [name: string, kind: ColumnKind][], rows: readonly Value[][]): Result {
  return {
    columns: columns.map(([name, kind]) => ({ name, heading: name.toUpperCase(), kind })),
    rows,
    hiddenRows: 0,
    notes: [],
  }
}

async function readRendered(format: 'arrow' | 'arrow file' | 'parquet', result: Result): Promise<FoundWithTypes> {
  if (format === 'arrow') return readArrowStream(renderArrow(result, 'stream'))
  if (format === 'arrow file') return readArrowFile(renderArrow(result, 'file'))
  const path = join(makeTemporaryDirectory(), 'out.parquet')
  writeFileSync(path, await renderParquet(result))
  return readParquet(path)
}

describe.each(['arrow', 'arrow file', 'parquet'] as const)('a result as %s', (format) => {
  test('has types by kind and by value', async () => {
    const result = resultOf(
      [
        ['name', 'text'],
        ['port', 'text'],
        ['attempts', 'count'],
        ['failed_percent', 'percent'],
        ['p50_ns', 'duration'],
        ['mean_ns', 'duration'],
        ['first', 'time'],
        ['last_ns', 'time'],
        ['per_second', 'rate'],
        ['score', 'number'],
        ['unknown', 'count'],
      ],
      [
        ['a\x1b"', 443, 2 ** 52, 50, 1_000, 0.5, 1_700_000_000_123_456_789n, 7n, 3, 1, null],
        [null, null, null, 0.5, null, 2, null, null, null, 2.5, null],
      ],
    )
    const { names, types, rows } = await readRendered(format, result)
    expect(names).toEqual(result.columns.map(({ name }) => name))
    expect(types.join(' ')).toBe('VARCHAR BIGINT BIGINT DOUBLE BIGINT DOUBLE TIMESTAMP_NS BIGINT DOUBLE DOUBLE BIGINT')
    expect(rows).toEqual([
      ['a\x1b"', 443n, 2n ** 52n, 50n, 1000n, 0.5, 1_700_000_000_123_456_789n, 7n, 3n, 1n, null],
      [null, null, null, 0.5, null, 2n, null, null, null, 2.5, null],
    ])
  })

  test('has integers of SQL and identifiers unchanged, and fractions as doubles', async () => {
    const result = resultOf(
      [
        ['started_ns', 'number'],
        ['pid', 'number'],
        ['errno', 'number'],
        ['mixed', 'number'],
        ['q_value', 'number'],
        ['beside_fractions', 'number'],
      ],
      [
        [1_700_000_000_123_456_789n, 4711, null, 1, 1, 1_700_000_000_123_456_789n],
        [1_700_000_000_123_456_790n, 4712, null, 2n ** 62n + 1n, 0, 0.5],
      ],
    )
    const columns = result.columns.map((column) => ({ ...column, isFraction: column.name === 'q_value' }))
    const { types, rows } = await readRendered(format, { ...result, columns })
    expect(types.join(' ')).toBe('BIGINT BIGINT BIGINT BIGINT DOUBLE VARCHAR')
    expect(rows).toEqual([
      [1_700_000_000_123_456_789n, 4711n, null, 1n, 1n, '1700000000123456789'],
      [1_700_000_000_123_456_790n, 4712n, null, 2n ** 62n + 1n, 0n, '0.5'],
    ])
  })

  test('without rows has its columns', async () => {
    const { names, types, rows } = await readRendered(
      format,
      resultOf(
        [
          ['name', 'text'],
          ['n', 'count'],
        ],
        [],
      ),
    )
    expect([names, types, rows]).toEqual([['name', 'n'], ['VARCHAR', 'BIGINT'], []])
  })

  test('keeps values that its columns do not expect', async () => {
    const columns: [string, ColumnKind][] = [
      ['a', 'count'],
      ['b', 'text'],
    ]
    const { rows } = await readRendered(
      format,
      resultOf(columns, [
        ['many', 1n],
        [1, 'x'],
        [2 ** 60, 2 ** 53 - 1],
      ]),
    )
    expect(rows).toEqual([
      ['many', '1'],
      ['1', 'x'],
      [String(2 ** 60), String(2 ** 53 - 1)],
    ])
  })
})
