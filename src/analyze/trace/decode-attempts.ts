import type { AttemptBlock } from './attempt-block.js'
import { AT, type AttemptColumn } from './attempt-columns.js'
import { allocateRecords, findRecords, type PageRecords } from './find-records.js'
import { CONSTANT, EIGHT_BYTES, SIX_BYTES, createRecordLayouts } from './record-layouts.js'
import type { ColumnTest } from './row-test.js'

const TWO_TO_32 = 4294967296
/** Fields below it are of values of 1 to 4 bytes. */
const KIND_LIMIT = 1 << 16

/** Which attempts of a page are decoded, and what of them. */
export interface DecodeTarget {
  /** Ids, both ends included */
  readonly first: number
  readonly last: number
  readonly pageBytes: number
  readonly columns: readonly AttemptColumn[]
  readonly tests: readonly ColumnTest[]
}

/**
 * @param view of the page's memory, with `PADDING_BYTES` behind the last page
 * @param start where the page begins
 * @param roomFor gives a block that has room for so many more attempts
 * @returns false for a page that holds anything but rows of integers, as no recorder writes it
 */
export type DecodePage = (view: DataView, start: number, roomFor: (count: number) => AttemptBlock) => boolean

/**
 * Adds attempts of leaf pages of connect_attempt to blocks. Of a page it finds the records, then leaves out those that a
 * test refuses, then reads the columns of the others one after the other: short loops, which look at no value without
 * need.
 * Format of a record: https://www.sqlite.org/fileformat2.html#record_format
 */
export function createDecodePage(target: DecodeTarget): DecodePage {
  const layouts = createRecordLayouts()
  const { fields } = layouts
  const records = allocateRecords(target.pageBytes)
  return (view, start, roomFor) => {
    let count = findRecords(view, start, target, layouts, records)
    if (count === -1) return false
    for (const test of target.tests) count = keepAccepted(view, fields, records, count, test)
    if (count === 0) return true
    const block = roomFor(count)
    for (const name of target.columns) {
      const column = (block.columns[AT[name]] as Float64Array).subarray(block.count, block.count + count)
      if (name === 'attempt_id') column.set(records.ids.subarray(0, count))
      else readColumn(view, fields, records, AT[name], column)
    }
    block.count += count
    return true
  }
}

/** Keeps the records that a test accepts. @returns how many these are */
function keepAccepted(
  view: DataView,
  fields: Int32Array,
  { ids, starts, layouts }: PageRecords,
  count: number,
  { column, accepts }: ColumnTest,
): number {
  const position = AT[column]
  let kept = 0
  for (let i = 0; i < count; i++) {
    const start = starts[i] as number
    const layout = layouts[i] as number
    if (!accepts(readField(view, start, fields[layout + position] as number))) continue
    ids[kept] = ids[i] as number
    starts[kept] = start
    layouts[kept++] = layout
  }
  return kept
}

/** Reads a column of as many records as `values` is long. */
function readColumn(
  view: DataView,
  fields: Int32Array,
  { starts, layouts }: PageRecords,
  position: number,
  values: Float64Array,
): void {
  for (let i = 0; i < values.length; i++) {
    values[i] = readField(view, starts[i] as number, fields[(layouts[i] as number) + position] as number)
  }
}

/** A value by its field in a layout; NaN for NULL. */
function readField(view: DataView, record: number, field: number): number {
  if (field >= KIND_LIMIT) return readOther(view, record + (field & 255), field)
  const shift = field >> 8
  return (view.getInt32(record + (field & 255)) << shift) >> shift
}

function readOther(view: DataView, at: number, field: number): number {
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

/** An integer of a column; NaN for what no double holds exactly, which no recorder writes. */
export function asSafe(value: number): number {
  return Number.isSafeInteger(value) ? value : NaN
}
