import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createParquetWriter } from '../../../../src/analyze/export/parquet/parquet-writer.js'
import { loadZstd } from '../../../../src/analyze/export/parquet/zstd.js'
import type { ColumnValues, ExportColumn, RowBatch } from '../../../../src/analyze/export/rows/column.js'
import { halvesOf } from '../../../../src/analyze/export/rows/long-halves.js'
import { createRandom, randomInteger } from '../../../store/random.js'
import { makeTemporaryDirectory } from '../../../support/temporary-directory.js'
import { readParquetWithArrowRs } from '../../../engines/arrow-rs.js'
import { queryDuckdb, readParquet } from '../../../engines/duckdb.js'

const compress = await loadZstd()

const column = (type: ExportColumn['type'], isNullable = true, name = 'a'): ExportColumn => {
  return { name, type, isNullable, comment: '' }
}

function batchOf(rowCount: number, ...values: readonly ColumnValues[]): RowBatch {
  return { rowCount, values: (position) => values[position] as ColumnValues }
}

function longs(values: readonly (bigint | null)[]): ColumnValues {
  const halves = halvesOf(BigInt64Array.from(values, (value) => value ?? 0n))
  const nulls = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null
  return { kind: 'longs', halves, nulls }
}

function coded(codes: readonly number[], dictionary: readonly (string | number | bigint)[]): ColumnValues {
  return { kind: 'coded', codes: Int32Array.from(codes), dictionary, isConstant: false, isPresent: false }
}

/** Writes batches into a file, and returns its path. */
function write(columns: readonly ExportColumn[], batches: readonly RowBatch[]): string {
  const writer = createParquetWriter(columns, { metadata: new Map(), compress })
  const parts = [...batches.flatMap((batch) => writer.add(batch)), ...writer.finish()]
  const path = join(makeTemporaryDirectory(), 'out.parquet')
  writeFileSync(path, Buffer.concat(parts))
  return path
}

async function readColumn(path: string): Promise<unknown[]> {
  return (await readParquet(path)).rows.map(([value]) => value)
}

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

describe('64-bit integers are read back', () => {
  const random = createRandom(5)
  const upTo = (bits: number) => {
    const high = BigInt(randomInteger(random, 0, 2 ** 31)) << 32n
    return BigInt.asIntN(bits, high | BigInt(randomInteger(random, 0, 2 ** 32 - 1)))
  }
  test.each<readonly [string, readonly (bigint | null)[]]>([
    ['one value', [42n]],
    ['the smallest and the largest', [MIN, MAX, 0n, -1n, MIN]],
    ['equal values', Array(300).fill(7n)],
    [
      'ascending, one more than a block',
      Array.from({ length: 129 }, (_, i) => 1_750_000_000_000_000_000n + BigInt(i * i)),
    ],
    ['two blocks', Array.from({ length: 257 }, (_, i) => BigInt(-i))],
    ['only NULL', [null, null, null]],
    ['with NULL', [null, 5n, null, MAX, 6n]],
    ...[1, 2, 8, 16, 24, 25, 31, 32, 33, 40, 48, 49, 51, 52, 53, 60, 64].map((bits) => {
      return [`of ${bits} bits`, Array.from({ length: 1000 }, () => upTo(bits))] as const
    }),
  ])('%s', async (_, values) => {
    const path = write([column('int64')], [batchOf(values.length, longs(values))])
    expect(await readColumn(path)).toEqual(values)
  })
})

test('a column with the values of the previous column is written completely', async () => {
  const values = longs([3n, 1n, MIN, MAX])
  const columns = [column('int64', false, 'a'), column('timestamp', false, 'b'), column('int64', true, 'c')]
  const { rows } = await readParquet(write(columns, [batchOf(4, longs([1n, 2n, 3n, 4n]), values, values)]))
  expect(rows.map(([, time, value]) => [time, value])).toEqual([3n, 1n, MIN, MAX].map((value) => [value, value]))
})

describe('pages have exactly the length in their header', () => {
  test.each(['utf8', 'uint8', 'uint16', 'int32', 'uint32', 'int64'] as const)('of %s, with 0 to 9 values', (type) => {
    for (let size = 0; size <= 9; size++) {
      const dictionary = Array.from({ length: size }, (_, i) => (type === 'utf8' ? 'x'.repeat(i) : i))
      const codes = [-1, ...dictionary.keys(), -1]
      const path = write([column(type)], [batchOf(codes.length, coded(codes, dictionary))])
      const expected = codes.map((code) => {
        const value = dictionary[code]
        return [typeof value === 'number' ? BigInt(value) : (value ?? null)]
      })
      expect(readParquetWithArrowRs(path).rows).toEqual(expected)
    }
  })

  test.each([
    ['one value', [42n]],
    ['only NULL', [null, null, null]],
    ['with NULL', [null, 5n, null, MAX, 6n]],
    ['two blocks', Array.from({ length: 257 }, (_, i) => BigInt(-i))],
    ['the smallest and the largest', [MIN, MAX, 0n, -1n, MIN]],
  ] as const)('of 64-bit integers: %s', (_, values) => {
    const path = write([column('int64')], [batchOf(values.length, longs(values))])
    expect(readParquetWithArrowRs(path).rows).toEqual(values.map((value) => [value]))
  })
})

describe('dictionary values are read back', () => {
  test.each([1, 2, 3, 5, 200, 256, 257, 65_536, 65_537, 300_000])('%i different values', async (size) => {
    const random = createRandom(size)
    const dictionary = Array.from({ length: size }, (_, i) => `value ${i}`)
    const codes = Array.from({ length: Math.max(1000, size) }, (_, i) =>
      i < size ? i : randomInteger(random, -1, size - 1),
    )
    const path = write([column('utf8')], [batchOf(codes.length, coded(codes, dictionary))])
    const read = await readColumn(path)
    const different = read.findIndex((value, i) => value !== (dictionary[codes[i] as number] ?? null))
    expect([read.length, different]).toEqual([codes.length, -1])
  })

  test.each([
    ['uint8', [0, 255]],
    ['uint16', [0, 65_535]],
    ['int32', [-(2 ** 31), 2 ** 31 - 1]],
    ['uint32', [0, 2 ** 32 - 1]],
    ['int64', [MIN, MAX]],
  ] as const)('of type %s, with statistics for skipping row groups', async (type, values) => {
    const path = write([column(type, false)], [batchOf(2, coded([1, 0], values))])
    expect(await readColumn(path)).toEqual([BigInt(values[1]), BigInt(values[0])])
    const sql = `SELECT stats_min_value, stats_max_value FROM parquet_metadata('${path}')`
    expect((await queryDuckdb(sql)).rows).toEqual([values.map(String)])
    // A reader that skips row groups by wrong statistics finds nothing.
    const found = await queryDuckdb(`SELECT count(*) FROM '${path}' WHERE a = ${values[1]}`)
    expect(found.rows).toEqual([[1n]])
  })

  test('if all rows have the same value, or no rows have one', async () => {
    const constant = { ...coded([1], ['x', 'y']), isConstant: true, isPresent: true } as ColumnValues
    const none = { ...coded([-1], []), isConstant: true } as ColumnValues
    const columns = [column('utf8', true, 'a'), column('utf8', true, 'b'), column('utf8', false, 'c')]
    const path = write(columns, [batchOf(1000, constant, none, constant)])
    const expected = Array.from({ length: 1000 }, () => ['y', null, 'y'])
    expect((await readParquet(path)).rows).toEqual(expected)
    expect(readParquetWithArrowRs(path).rows).toEqual(expected)
  })

  test('texts are sorted by their bytes', async () => {
    const path = write([column('utf8')], [batchOf(3, coded([0, 1, 2], ['\uffee', '\u{1f986}', 'z']))])
    const sql = `SELECT count(*) FROM '${path}' WHERE a = '\u{1f986}'`
    expect((await queryDuckdb(sql)).rows).toEqual([[1n]])
  })
})

test('doubles are read back, with NULL', async () => {
  const values: ColumnValues = {
    kind: 'doubles',
    values: Float64Array.of(0.1, -1.5e-300, 0),
    nulls: Uint8Array.of(0, 0, 1),
  }
  expect(await readColumn(write([column('double')], [batchOf(3, values)]))).toEqual([0.1, -1.5e-300, null])
})

test('a NULL in a column without NULL throws a bug and is not written', () => {
  const writer = createParquetWriter([column('utf8', false)], { metadata: new Map(), compress })
  expect(() => writer.add(batchOf(1, coded([-1], [])))).toThrow('a is NULL in a row')
})

test('a file without rows has its columns', async () => {
  const { names, rows } = await readParquet(write([column('int32', true, 'x')], []))
  expect([names, rows]).toEqual([['x'], []])
})

test('row groups end after a million rows, and each has its own dictionary', async () => {
  const count = 300_000
  const batches = Array.from({ length: 8 }, (_, i) => {
    return batchOf(
      count,
      coded(
        Array.from({ length: count }, (_unused, j) => (i * 7 + j) % 1000),
        DICTIONARY,
      ),
    )
  })
  const path = write([column('utf8')], batches)
  const groups = await queryDuckdb(`SELECT row_group_num_rows FROM parquet_metadata('${path}') ORDER BY row_group_id`)
  expect(groups.rows).toEqual([[1_200_000n], [1_200_000n]])
  const found = await queryDuckdb(`SELECT count(*), count(DISTINCT a), sum(a[2:]::INT) FROM '${path}'`)
  expect(found.rows).toEqual([[2_400_000n, 1000n, (2_400_000n * 999n) / 2n]])
})

const DICTIONARY = Array.from({ length: 1000 }, (_, i) => `v${i}`)
