import { RECORD_HEADER_BYTES, findLayouts, type RecordLayouts } from './record-layouts.js'
import { readVarint } from './table-pages.js'

const LEAF = 13
/** The high bit of a byte continues a varint: 0x80808080, and 0x80808000 for a varint of four bytes. */
const HIGH_BITS = -0x7f7f7f80
const FOUR_BYTES = -0x7f7f8000

/** Pages in memory, followed by `PADDING_BYTES`. Bytes are read faster from `bytes`, words from `view`. */
export interface PageMemory {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/** Records of a page, in the order of ids. */
export interface PageRecords {
  readonly ids: Float64Array
  /** Offset of each record in memory */
  readonly starts: Int32Array
  /** In bytes */
  readonly lengths: Uint8Array
  /** As returned by `findLayouts` */
  readonly layouts: Int32Array
}

export function allocateRecords(pageBytes: number): PageRecords {
  // A cell takes at least two bytes: its pointer.
  const most = pageBytes / 2
  return {
    ids: new Float64Array(most),
    starts: new Int32Array(most),
    lengths: new Uint8Array(most),
    layouts: new Int32Array(most),
  }
}

/**
 * Finds the records of a leaf page of connect_attempt whose ids are from `first` to `last`.
 * Format of a cell: https://www.sqlite.org/fileformat2.html#b_tree_pages
 * @param start where the page begins
 * @returns the number of records, -1 for a page with other values than integers, which no recorder writes
 */
export function findRecords(
  { bytes, view }: PageMemory,
  start: number,
  { first, last, pageBytes }: { readonly first: number; readonly last: number; readonly pageBytes: number },
  known: RecordLayouts,
  { ids, starts, lengths, layouts }: PageRecords,
): number {
  // Constants of the module would be looked up for every row.
  const [highBits, fourBytes, headerBytes] = [HIGH_BITS, FOUR_BYTES, RECORD_HEADER_BYTES]
  const end = start + pageBytes
  const cells = view.getUint16(start + 3)
  const pointers = start + 8
  const pointersEnd = pointers + cells * 2
  if (bytes[start] !== LEAF || pointersEnd > end) return -1
  let count = 0
  for (let pointer = pointers; pointer < pointersEnd; pointer += 2) {
    let at = start + (((bytes[pointer] as number) << 8) | (bytes[pointer + 1] as number))
    if (at + 2 + headerBytes > end) return -1
    // The length of the record is one byte: a record has at most 12 integers.
    const length = bytes[at++] as number
    // Most ids have four bytes.
    const word = view.getInt32(at)
    let id = ((word >>> 3) & 0xfe00000) | ((word >>> 2) & 0x1fc000) | ((word >>> 1) & 0x3f80) | (word & 0x7f)
    if ((word & highBits) === fourBytes) at += 4
    else {
      id = readVarint(view, at)
      at += varintBytes(bytes, at)
    }
    if (length > 127 || at + length > end || length < headerBytes || bytes[at] !== headerBytes) return -1
    if (id < first) continue
    if (id > last) break
    ids[count] = id
    lengths[count] = length
    starts[count++] = at
  }
  return findLayouts(known, view, { starts, lengths, count }, layouts) ? count : -1
}

function varintBytes(bytes: Uint8Array, at: number): number {
  let length = 1
  while (length < 9 && (bytes[at + length - 1] as number) >= 128) length++
  return length
}
