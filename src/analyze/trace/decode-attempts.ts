import type { TakeRow } from './attempt-block.js'
import { AT, ATTEMPT_COLUMNS, type AttemptColumn, type AttemptRow } from './attempt-columns.js'
import { CONSTANT, EIGHT_BYTES, HEADER_BYTES, SIX_BYTES, createRecordLayouts } from './record-layouts.js'
import type { RowTest } from './row-test.js'
import { readVarint } from './table-pages.js'

const COLUMNS = ATTEMPT_COLUMNS.length
const LEAF = 13
const TWO_TO_32 = 4294967296
const KIND_LIMIT = 1 << 16
/** A varint goes on after a byte with its high bit set. */
const HIGH_BITS = 0x80808080 | 0
const FOUR_BYTES = 0x80808000 | 0

/** Passes attempts of leaf pages of connect_attempt. */
export interface AttemptDecoder {
  /**
   * @param view of the page's memory, with `PADDING_BYTES` behind the last page
   * @param start where the page begins
   * @returns false for a page that holds anything but rows of integers, as no recorder writes it
   */
  decodePage(view: DataView, start: number, take: TakeRow): boolean
}

/**
 * Decodes attempts whose ids are from `first` to `last` and that a test accepts: what the test looks at first, the other
 * columns only of rows that it accepts.
 * Format of a record: https://www.sqlite.org/fileformat2.html#record_format
 */
export function createAttemptDecoder(
  { first, last, pageBytes }: { readonly first: number; readonly last: number; readonly pageBytes: number },
  columns: readonly AttemptColumn[],
  test: RowTest,
): AttemptDecoder {
  const positionsOf = (names: readonly AttemptColumn[]) =>
    Uint8Array.from([...new Set(names)].filter((name) => name !== 'attempt_id'), (name) => AT[name])
  const tested = positionsOf(test.columns)
  const others = positionsOf(columns.filter((name) => !test.columns.includes(name)))
  const { fields, find } = createRecordLayouts()
  const row = new Float64Array(COLUMNS)
  const { accepts } = test
  return {
    decodePage(view, start, take) {
      const end = start + pageBytes
      const cells = view.getUint16(start + 3)
      if (view.getUint8(start) !== LEAF || start + 8 + cells * 2 > end) return false
      for (let cell = 0; cell < cells; cell++) {
        let at = start + view.getUint16(start + 8 + cell * 2)
        if (at + 2 + HEADER_BYTES > end) return false
        // The length of the record: always one byte, for a record of at most 12 integers.
        const length = view.getUint8(at++)
        // As four bytes, which most ids take.
        const word = view.getInt32(at)
        let id = ((word >>> 3) & 0xfe00000) | ((word >>> 2) & 0x1fc000) | ((word >>> 1) & 0x3f80) | (word & 0x7f)
        if ((word & HIGH_BITS) === FOUR_BYTES) at += 4
        else {
          id = readVarint(view, at)
          at += varintBytes(view, at)
        }
        if (length > 127 || at + length > end || length < HEADER_BYTES) return false
        if (view.getUint8(at) !== HEADER_BYTES) return false
        if (id < first) continue
        if (id > last) return true
        const layout = find(view, at, length)
        if (layout < 0) return false
        readColumns(fields, layout, view, at, tested, row)
        row[0] = id
        if (!accepts(row)) continue
        readColumns(fields, layout, view, at, others, row)
        take(row)
      }
      return true
    },
  }
}

function readColumns(
  fields: Int32Array,
  layout: number,
  view: DataView,
  record: number,
  positions: Uint8Array,
  row: AttemptRow,
): void {
  for (let i = 0; i < positions.length; i++) {
    const column = positions[i] as number
    const field = fields[layout + column] as number
    row[column] = field < KIND_LIMIT ? readSmall(view, record, field) : readOther(view, record, field)
  }
}

/** Of up to 4 bytes, as most are. */
function readSmall(view: DataView, record: number, field: number): number {
  const shift = field >> 8
  return (view.getInt32(record + (field & 255)) << shift) >> shift
}

function readOther(view: DataView, record: number, field: number): number {
  const at = record + (field & 255)
  switch (field >> 16) {
    case SIX_BYTES:
      return view.getInt16(at) * TWO_TO_32 + view.getUint32(at + 2)
    case EIGHT_BYTES:
      return asSafe(view.getInt32(at) * TWO_TO_32 + view.getUint32(at + 4))
    case CONSTANT:
      return field & 255
    default:
      return NaN
  }
}

function varintBytes(view: DataView, at: number): number {
  let bytes = 1
  while (bytes < 9 && view.getUint8(at + bytes - 1) >= 128) bytes++
  return bytes
}

/** An integer of a column; NaN for what no double holds exactly, which no recorder writes. */
export function asSafe(value: number): number {
  return Number.isSafeInteger(value) ? value : NaN
}
