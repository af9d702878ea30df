import {
  Utf8,
  makeData,
  vectorFromArray,
  type Data,
  type DataType,
  type Dictionary as DictionaryType,
  type Int,
} from 'apache-arrow'
import type { CodedValues, ColumnType, ColumnValues, Dictionary, ExportColumn } from '../rows/column.js'
import { longsOf } from '../rows/long-halves.js'

type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array
type NumbersConstructor = new (length: number) => Numbers

const ARRAYS: Partial<Record<ColumnType, NumbersConstructor>> = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
}

/** Encodes a column of record batches; reuses its memory for the next batch. */
export type ArrowColumn = (values: ColumnValues, count: number) => Data

/** @param type of the column in the schema */
export function createArrowColumn(column: ExportColumn, type: DataType): ArrowColumn {
  const bitmap = createBitmap()
  const codes = column.type === 'utf8' ? createIndices(column, type as DictionaryType) : createLookup(column.type)
  return (values, count) => {
    const nulls = bitmap(values, count)
    if (values.kind === 'coded') return codes.toData({ type, values, count, ...nulls })
    const data = values.kind === 'longs' ? longsOf(values.halves) : values.values
    return makeData({ type: type as Int, length: count, data: data.subarray(0, count) as never, ...nulls })
  }
}

interface CodedPart {
  readonly type: DataType
  readonly values: CodedValues
  readonly count: number
  readonly nullCount: number
  readonly nullBitmap: Uint8Array | null
}

interface CodedColumn {
  toData(part: CodedPart): Data
}

/** Texts: narrowed codes; the values are written once per file. */
function createIndices({ dictionary = [] }: ExportColumn, { indices }: DictionaryType): CodedColumn {
  const values = vectorFromArray(dictionary as readonly string[], new Utf8())
  const buffer = createBuffer(indices.ArrayType as unknown as NumbersConstructor)
  return {
    toData({ type, values: { codes, isConstant }, count, nullCount, nullBitmap }) {
      const data = buffer(count) as Int32Array
      if (isConstant) data.fill(Math.max(0, codes[0] as number))
      else for (let i = 0; i < count; i++) data[i] = codes[i] as number
      // A NULL row also needs a valid index.
      if (nullCount > 0 && !isConstant) for (let i = 0; i < count; i++) if ((data[i] as number) < 0) data[i] = 0
      return makeData({
        type: type as DictionaryType,
        length: count,
        nullCount,
        nullBitmap,
        data: data as never,
        dictionary: values,
      })
    },
  }
}

/** Numbers: the values of the codes. */
function createLookup(type: ColumnType): CodedColumn {
  const ArrayType = ARRAYS[type] ?? BigInt64Array
  const buffer = createBuffer(ArrayType)
  let table = new ArrayType(1024)
  let known = 0
  const learn = (dictionary: Dictionary) => {
    if (dictionary.length > table.length) {
      const larger = new ArrayType(dictionary.length * 2)
      larger.set(table as never)
      table = larger
    }
    for (; known < dictionary.length; known++) table[known] = dictionary[known] as never
  }
  return {
    toData({ type: arrowType, values: { codes, dictionary, isConstant }, count, nullCount, nullBitmap }) {
      learn(dictionary)
      const data = buffer(count)
      if (isConstant) data.fill(table[Math.max(0, codes[0] as number)] as never)
      else if (ArrayType === BigInt64Array) lookUpLongs(table as BigInt64Array, codes, count, data as BigInt64Array)
      else lookUp(table as Int32Array, codes, count, data as Int32Array)
      return makeData({ type: arrowType as Int, length: count, nullCount, nullBitmap, data: data as never })
    },
  }
}

function lookUp(table: Int32Array, codes: Int32Array, count: number, target: Int32Array): void {
  for (let i = 0; i < count; i++) target[i] = table[codes[i] as number] as number
}

/** As halves, without a BigInt per row. */
function lookUpLongs(table: BigInt64Array, codes: Int32Array, count: number, target: BigInt64Array): void {
  const from = new Int32Array(table.buffer)
  const to = new Int32Array(target.buffer, target.byteOffset)
  for (let i = 0; i < count; i++) {
    const code = codes[i] as number
    to[2 * i] = from[2 * code] as number
    to[2 * i + 1] = from[2 * code + 1] as number
  }
}

/** Memory that grows to the largest batch. */
function createBuffer(ArrayType: NumbersConstructor): (count: number) => Numbers {
  let memory = new ArrayType(0)
  return (count) => {
    if (memory.length < count) memory = new ArrayType(count)
    return memory.subarray(0, count)
  }
}

/** One bit per row, 1 for a value; empty if no row is NULL. */
function createBitmap() {
  let memory = new Uint8Array(0)
  return (values: ColumnValues, count: number): { nullCount: number; nullBitmap: Uint8Array | null } => {
    if (values.kind === 'coded' ? values.isPresent : values.nulls === null) return { nullCount: 0, nullBitmap: null }
    const length = (count + 7) >> 3
    if (memory.length < length) memory = new Uint8Array(length)
    if (values.kind === 'coded' && values.isConstant) {
      return { nullCount: count, nullBitmap: memory.fill(0).subarray(0, length) }
    }
    const nullCount =
      values.kind === 'coded'
        ? markCodes(memory, values.codes, count)
        : markPresent(memory, values.nulls as Uint8Array, count)
    return { nullCount, nullBitmap: nullCount === 0 ? null : memory.subarray(0, length) }
  }
}

/** @returns how many are NULL */
function markCodes(bitmap: Uint8Array, codes: Int32Array, count: number): number {
  let present = 0
  bitmap.fill(0, 0, (count + 7) >> 3)
  for (let i = 0; i < count; i++) {
    const isThere = ((codes[i] as number) >>> 31) ^ 1
    present += isThere
    bitmap[i >> 3]! |= isThere << (i & 7)
  }
  return count - present
}

/** @returns how many are NULL */
function markPresent(bitmap: Uint8Array, nulls: Uint8Array, count: number): number {
  let nullCount = 0
  bitmap.fill(0, 0, (count + 7) >> 3)
  for (let i = 0; i < count; i++) {
    nullCount += nulls[i] as number
    bitmap[i >> 3]! |= ((nulls[i] as number) ^ 1) << (i & 7)
  }
  return nullCount
}
