import { HEADER_BYTES, findLayout, type RecordLayouts } from './record-layouts.js'
import { readVarint } from './table-pages.js'

const LEAF = 13
/** A varint goes on after a byte with its high bit set. */
const HIGH_BITS = 0x80808080 | 0
const FOUR_BYTES = 0x80808000 | 0

/** Records of a page, in the order of ids. */
export interface PageRecords {
  readonly ids: Float64Array
  /** Where each begins in memory */
  readonly starts: Int32Array
  /** As `findLayout` gives them */
  readonly layouts: Int32Array
}

export function allocateRecords(pageBytes: number): PageRecords {
  // A cell takes two bytes at least: its pointer.
  const most = pageBytes / 2
  return { ids: new Float64Array(most), starts: new Int32Array(most), layouts: new Int32Array(most) }
}

/**
 * Finds the records of a leaf page of connect_attempt whose ids are from `first` to `last`.
 * Format of a cell: https://www.sqlite.org/fileformat2.html#b_tree_pages
 * @param view of the page's memory, with `PADDING_BYTES` behind the last page
 * @param start where the page begins
 * @returns how many there are, -1 for a page that holds anything but rows of integers, as no recorder writes it
 */
export function findRecords(
  view: DataView,
  start: number,
  { first, last, pageBytes }: { readonly first: number; readonly last: number; readonly pageBytes: number },
  known: RecordLayouts,
  { ids, starts, layouts }: PageRecords,
): number {
  const end = start + pageBytes
  const cells = view.getUint16(start + 3)
  if (view.getUint8(start) !== LEAF || start + 8 + cells * 2 > end) return -1
  let count = 0
  for (let cell = 0; cell < cells; cell++) {
    let at = start + view.getUint16(start + 8 + cell * 2)
    if (at + 2 + HEADER_BYTES > end) return -1
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
    if (length > 127 || at + length > end || length < HEADER_BYTES || view.getUint8(at) !== HEADER_BYTES) return -1
    if (id < first) continue
    if (id > last) break
    const layout = findLayout(known, view, at, length)
    if (layout < 0) return -1
    ids[count] = id
    starts[count] = at
    layouts[count++] = layout
  }
  return count
}

function varintBytes(view: DataView, at: number): number {
  let bytes = 1
  while (bytes < 9 && view.getUint8(at + bytes - 1) >= 128) bytes++
  return bytes
}
