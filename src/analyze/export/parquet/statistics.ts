import type { ColumnType } from '../rows/column.js'
import { plainBytes } from './parquet-types.js'
import { binary, i64, struct, type ThriftValue } from './thrift-writer.js'

/** Longer texts are useless for skipping row groups. */
const MAX_TEXT_BYTES = 256

/** Lowest and highest value of a column in a row group, and the number of NULLs. */
export interface Statistics {
  nullCount: number
  min: Uint8Array | null
  max: Uint8Array | null
}

export function createStatistics(): Statistics {
  return { nullCount: 0, min: null, max: null }
}

/** The entry in a column's metadata. */
export function thriftStatistics({ nullCount, min, max }: Statistics): ThriftValue {
  const isShort = min !== null && max !== null && min.length <= MAX_TEXT_BYTES && max.length <= MAX_TEXT_BYTES
  return struct({ 3: i64(nullCount), 5: isShort ? binary(max) : undefined, 6: isShort ? binary(min) : undefined })
}

/** Adds a distinct value with its PLAIN bytes. Texts are compared by bytes, as in Parquet. */
export function createValueRange(statistics: Statistics, type: ColumnType) {
  let min: number | bigint = 0
  let max: number | bigint = 0
  return (value: string | number | bigint, bytes: Uint8Array) => {
    if (type === 'utf8') {
      if (statistics.min === null || Buffer.compare(bytes, statistics.min) < 0) statistics.min = bytes
      if (statistics.max === null || Buffer.compare(bytes, statistics.max) > 0) statistics.max = bytes
      return
    }
    const number = value as number | bigint
    if (statistics.min === null || number < min) {
      min = number
      statistics.min = bytes
    }
    if (statistics.max === null || number > max) {
      max = number
      statistics.max = bytes
    }
  }
}

/** Lowest and highest of 64-bit integers in halves. */
export function noteLongRange(statistics: Statistics, halves: Int32Array, count: number): void {
  if (count === 0) return
  let min = 0
  let max = 0
  for (let i = 1; i < count; i++) {
    if (isLess(halves, i, min)) min = i
    else if (isLess(halves, max, i)) max = i
  }
  const [lowest, highest] = [longAt(halves, min), longAt(halves, max)]
  if (statistics.min === null || lowest < readLong(statistics.min)) statistics.min = plainBytes('int64', lowest)
  if (statistics.max === null || highest > readLong(statistics.max)) statistics.max = plainBytes('int64', highest)
}

function readLong(bytes: Uint8Array): bigint {
  return Buffer.from(bytes).readBigInt64LE()
}

function isLess(halves: Int32Array, a: number, b: number): boolean {
  const [highA, highB] = [halves[2 * a + 1] as number, halves[2 * b + 1] as number]
  return highA < highB || (highA === highB && (halves[2 * a] as number) >>> 0 < (halves[2 * b] as number) >>> 0)
}

function longAt(halves: Int32Array, i: number): bigint {
  return (BigInt(halves[2 * i + 1] as number) << 32n) | BigInt((halves[2 * i] as number) >>> 0)
}
