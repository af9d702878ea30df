import { ATTEMPT_COLUMNS, type AttemptRow } from './attempt-columns.js'
import { readVarint, type LeafPage } from './table-pages.js'

const COLUMNS = ATTEMPT_COLUMNS.length
/** Bytes of a value by its serial type; 0 is NULL, 8 and 9 are the integers 0 and 1. */
const SIZES = Uint8Array.of(0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
const TWO_TO_32 = 4294967296

/** Which columns a scan wants: one byte per column, 1 for wanted. */
export type WantedColumns = Uint8Array

/**
 * Passes the attempts of a leaf page of connect_attempt whose ids are from `first` to `last`.
 * Format of a record: https://www.sqlite.org/fileformat2.html#record_format
 * @returns false for a page that holds anything but rows of integers, as no recorder writes it
 */
export function decodeAttempts(
  { bytes, start }: LeafPage,
  range: { readonly first: number; readonly last: number; readonly pageBytes: number },
  wanted: WantedColumns,
  row: AttemptRow,
  take: (row: AttemptRow) => void,
): boolean {
  const end = start + range.pageBytes
  const cells = ((bytes[start + 3] as number) << 8) | (bytes[start + 4] as number)
  if (bytes[start] !== 13 || start + 8 + cells * 2 > end) return false
  for (let cell = 0; cell < cells; cell++) {
    const pointer = start + 8 + cell * 2
    let at = start + (((bytes[pointer] as number) << 8) | (bytes[pointer + 1] as number))
    // The length of the record: always one byte, for a record of at most 12 integers.
    const length = bytes[at++] as number
    const id = readVarint(bytes, at)
    while ((bytes[at++] as number) >= 128);
    const header = bytes[at] as number
    if (length > 127 || at + length > end || header > length || header > 1 + COLUMNS) return false
    if (id < range.first) continue
    if (id > range.last) return true
    row[0] = id
    if (!readColumns(bytes, at, wanted, row)) return false
    take(row)
  }
  return true
}

/** @returns false for a text, a blob or a real number */
function readColumns(bytes: Uint8Array, record: number, wanted: WantedColumns, row: AttemptRow): boolean {
  const columns = (bytes[record] as number) - 1
  let at = record + columns + 1
  // The first column is the id itself: NULL in the record.
  for (let column = 1; column < columns; column++) {
    const type = bytes[record + 1 + column] as number
    if (type > 9 || type === 7) return false
    if (wanted[column] === 1) row[column] = readInteger(bytes, at, type)
    at += SIZES[type] as number
  }
  return columns === COLUMNS
}

/** Big-endian, in two's complement; NaN for NULL. */
function readInteger(bytes: Uint8Array, at: number, type: number): number {
  switch (type) {
    case 0:
      return NaN
    case 1:
      return ((bytes[at] as number) << 24) >> 24
    case 2:
      return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)) >> 16
    case 3:
      return (int32(bytes, at - 1) << 8) >> 8
    case 4:
      return int32(bytes, at)
    case 5:
      return (
        ((((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)) >> 16) * TWO_TO_32 +
        (int32(bytes, at + 2) >>> 0)
      )
    case 6:
      return asSafe(int32(bytes, at) * TWO_TO_32 + (int32(bytes, at + 4) >>> 0))
    default:
      return type - 8
  }
}

/** An integer of a column; NaN for what no double holds exactly, which no recorder writes. */
export function asSafe(value: number): number {
  return Number.isSafeInteger(value) ? value : NaN
}

function int32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}
