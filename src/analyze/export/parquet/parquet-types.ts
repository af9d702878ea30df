import type { ColumnType, ExportColumn } from '../rows/column.js'
import { binary, bool, byte, i32, struct, type ThriftStruct } from './thrift-writer.js'

/** Numbers of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const PHYSICAL = { int32: 1, int64: 2, double: 5, byteArray: 6 } as const
export const ENCODING = { plain: 0, rle: 3, deltaBinaryPacked: 5, rleDictionary: 8 } as const
export const ZSTD = 6
const REQUIRED = 0
const OPTIONAL = 1

const UTF8 = { physical: PHYSICAL.byteArray, converted: 0, logical: { 1: struct({}) } }
const NANOSECONDS = struct({ 3: struct({}) })

interface ParquetType {
  readonly physical: number
  /** For readers before 2.4 */
  readonly converted?: number
  readonly logical?: ThriftStruct
}

function integer(physical: number, converted: number, bits: number, isSigned: boolean): ParquetType {
  return { physical, converted, logical: { 10: struct({ 1: byte(bits), 2: bool(isSigned) }) } }
}

const TYPES: Readonly<Record<ColumnType, ParquetType>> = {
  utf8: UTF8,
  uint8: integer(PHYSICAL.int32, 11, 8, false),
  uint16: integer(PHYSICAL.int32, 12, 16, false),
  int32: integer(PHYSICAL.int32, 17, 32, true),
  uint32: integer(PHYSICAL.int32, 13, 32, false),
  int64: integer(PHYSICAL.int64, 18, 64, true),
  // Without a time zone: DuckDB truncates timestamps with a time zone to microseconds.
  timestamp: { physical: PHYSICAL.int64, logical: { 8: struct({ 1: bool(false), 2: NANOSECONDS }) } },
  double: { physical: PHYSICAL.double },
}

/** How a column's values are stored. */
export function physicalType(type: ColumnType): number {
  return TYPES[type].physical
}

/** The column's entry in the footer's schema. */
export function schemaElement({ name, type, isNullable }: ExportColumn): ThriftStruct {
  const { physical, converted, logical } = TYPES[type]
  return {
    1: i32(physical),
    3: i32(isNullable ? OPTIONAL : REQUIRED),
    4: binary(name),
    6: converted === undefined ? undefined : i32(converted),
    10: logical === undefined ? undefined : struct(logical),
  }
}

/** A value in PLAIN encoding, without the length of texts. */
export function plainBytes(type: ColumnType, value: string | number | bigint): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value)
  const bytes = Buffer.alloc(physicalType(type) === PHYSICAL.int32 ? 4 : 8)
  if (type === 'double') bytes.writeDoubleLE(Number(value))
  else if (bytes.length === 8) bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)))
  else bytes.writeInt32LE(Number(value) | 0)
  return bytes
}
