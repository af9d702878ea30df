import type { AttemptBlock } from './attempt-block.js'
import { AT, type AttemptColumn } from './attempt-columns.js'
import { allocateRecords, findRecords, type PageMemory, type PageRecords } from './find-records.js'
import { createRecordLayouts, readField } from './record-layouts.js'
import type { ColumnTest } from './row-test.js'

/** The attempts and columns to decode. */
export interface DecodeRequest {
  /** Ids, both ends included */
  readonly first: number
  readonly last: number
  readonly pageBytes: number
  readonly columns: readonly AttemptColumn[]
  readonly tests: readonly ColumnTest[]
}

/**
 * @param start offset of the page
 * @param roomFor returns a block with space for this many more attempts
 * @returns false for a page with other values than integers, which no recorder writes
 */
export type DecodePage = (memory: PageMemory, start: number, roomFor: (count: number) => AttemptBlock) => boolean

/**
 * Adds attempts of leaf pages of connect_attempt to blocks. It finds the records of a page, applies the tests, then reads the
 * accepted records column by column, in short loops that read no other value.
 * Format of a record: https://www.sqlite.org/fileformat2.html#record_format
 */
export function createDecodePage(target: DecodeRequest): DecodePage {
  const layouts = createRecordLayouts()
  const { fields } = layouts
  const records = allocateRecords(target.pageBytes)
  return (memory, start, roomFor) => {
    const { view } = memory
    let count = findRecords(memory, start, target, layouts, records)
    if (count === -1) return false
    for (const test of target.tests) count = keepAccepted(view, fields, records, count, test)
    if (count === 0) return true
    const block = roomFor(count)
    for (const name of target.columns) {
      const place = { values: block.columns[AT[name]] as Float64Array, at: block.count, count }
      if (name === 'attempt_id') place.values.set(records.ids.subarray(0, count), place.at)
      else readColumn(view, fields, records, AT[name], place)
    }
    block.count += count
    return true
  }
}

/** Keeps the records that a test accepts. @returns their number */
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

/** Reads a column of `count` records. @param at offset in `values` */
function readColumn(
  view: DataView,
  fields: Int32Array,
  { starts, layouts }: PageRecords,
  position: number,
  { values, at, count }: { readonly values: Float64Array; readonly at: number; readonly count: number },
): void {
  for (let i = 0; i < count; i++) {
    values[at + i] = readField(view, starts[i] as number, fields[(layouts[i] as number) + position] as number)
  }
}
