import type { Column, Result, Value } from '../result/result.js'
import type { ColumnType, ColumnValues, ExportColumn, RowBatch } from './rows/column.js'
import { halvesOf } from './rows/long-halves.js'
import { createTextCodes } from './rows/value-codes.js'

/** The rows of a built-in query as one batch. */
export interface ResultBatch {
  readonly columns: readonly ExportColumn[]
  readonly batch: RowBatch
}

/**
 * Types of the columns of a result: timestamps for times, unless their name ends in `_ns`; 64-bit integers for counts, durations and
 * numbers, or doubles if a value is not an integer; texts. A column is a text if a value does not match its type, or if a double
 * would round one of its integers.
 */
export function batchOfResult({ columns, rows }: Result): ResultBatch {
  const typed = columns.map((column, i) =>
    typeColumn(
      column,
      rows.map((row) => row[i] ?? null),
    ),
  )
  return {
    columns: typed.map(({ column }) => column),
    batch: { rowCount: rows.length, values: (position) => (typed[position] as TypedColumn).values },
  }
}

interface TypedColumn {
  readonly column: ExportColumn
  readonly values: ColumnValues
}

function typeColumn(shown: Column, values: readonly Value[]): TypedColumn {
  const type = chooseType(shown, values)
  const column: ExportColumn = { name: shown.name, type, isNullable: true, comment: shown.heading }
  const nulls = Uint8Array.from(values, (value) => (value === null ? 1 : 0))
  if (type === 'double') {
    return {
      column,
      values: { kind: 'doubles', values: Float64Array.from(values, (value) => Number(value ?? 0)), nulls },
    }
  }
  if (type !== 'utf8') {
    const longs = BigInt64Array.from(values, (value) => BigInt(value ?? 0))
    return { column, values: { kind: 'longs', halves: halvesOf(longs), nulls } }
  }
  const { dictionary, codeOf } = createTextCodes()
  const codes = Int32Array.from(values, (value) => (value === null ? -1 : codeOf(String(value))))
  return {
    column: { ...column, dictionary },
    values: { kind: 'coded', codes, dictionary, isConstant: false, isPresent: false },
  }
}

function chooseType({ name, kind, isFraction = false }: Column, values: readonly Value[]): ColumnType {
  const isAll = (test: (value: NonNullable<Value>) => boolean) => values.every((value) => value === null || test(value))
  if (kind === 'text' || !isAll((value) => typeof value !== 'string')) return textType(values, isAll)
  if (kind === 'percent' || kind === 'rate' || isFraction) return 'double'
  // A column in ns is an integer in every format.
  if (isAll(isLong)) return kind === 'time' && !name.endsWith('_ns') ? 'timestamp' : 'int64'
  return isAll((value) => typeof value === 'number' || Number.isSafeInteger(Number(value))) ? 'double' : 'utf8'
}

/** Columns of kind text may contain only integers: ports, process ids. */
function textType(
  values: readonly Value[],
  isAll: (test: (value: NonNullable<Value>) => boolean) => boolean,
): ColumnType {
  const hasValues = values.some((value) => value !== null)
  return hasValues && isAll((value) => typeof value !== 'string' && isLong(value)) ? 'int64' : 'utf8'
}

function isLong(value: NonNullable<Value>): boolean {
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
}
