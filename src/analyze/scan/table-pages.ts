import { fstatSync, readSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'

const LEAF = 13
const INTERIOR = 5
const MAX_DEPTH = 20
/** Bytes after the last page in memory: a value in a damaged page may end outside of it. */
export const PADDING_BYTES = 8

/** Location of a table in a database file. */
export interface TableFile {
  readonly path: string
  readonly fd: number
  readonly pageBytes: number
  readonly rootPage: number
}

/**
 * Numbers of the leaf pages of a rowid table that may contain rowids from `first` to `last`, in the order of rowids. The file
 * must not change: requires a read transaction on a database that is not in WAL mode.
 * Format: https://www.sqlite.org/fileformat2.html#b_tree_pages
 * @throws E_DAMAGED_TRACE
 */
export function findLeafPages(file: TableFile, first: number, last: number): Uint32Array {
  const numbers: number[] = []
  // Pages that refer to each other would make a small file endless.
  const pageCount = fstatSync(file.fd).size / file.pageBytes
  collectLeaves(file, { page: file.rootPage, depth: 0 }, { first, last }, (number) => {
    if (numbers.push(number) > pageCount) throw damagedPages(file, 'a b-tree of it has more pages than the file')
  })
  return Uint32Array.from(numbers)
}

/**
 * Reads pages into `bytes`, adjacent pages with one call.
 * @throws E_DAMAGED_TRACE
 */
export function readPageList(file: TableFile, pages: Uint32Array, bytes: Uint8Array): void {
  for (let i = 0; i < pages.length;) {
    let count = 1
    while (pages[i + count] === (pages[i] as number) + count) count++
    readPages(file, bytes.subarray(i * file.pageBytes), pages[i] as number, count)
    i += count
  }
}

/** Passes page numbers of leaves. An interior page has the highest rowid of each child but the last. */
function collectLeaves(
  file: TableFile,
  { page, depth }: { readonly page: number; readonly depth: number },
  range: { readonly first: number; readonly last: number },
  take: (page: number) => void,
): void {
  if (depth > MAX_DEPTH) throw damagedPages(file, 'a b-tree of it is deeper than any can be')
  const bytes = new Uint8Array(file.pageBytes + PADDING_BYTES)
  readPages(file, bytes, page, 1)
  const at = page === 1 ? 100 : 0
  if (bytes[at] === LEAF) return take(page)
  if (bytes[at] !== INTERIOR) throw damagedPages(file, `page ${page} is none of a table`)
  const view = new DataView(bytes.buffer)
  const cells = view.getUint16(at + 3)
  if (at + 12 + cells * 2 > file.pageBytes) throw damagedPages(file, `page ${page} has too many cells`)
  const children: number[] = []
  let isOver = false
  for (let cell = 0; cell < cells && !isOver; cell++) {
    const pointer = view.getUint16(at + 12 + cell * 2)
    if (pointer + 5 > file.pageBytes) throw damagedPages(file, `page ${page} has a cell outside of it`)
    const highest = readVarint(view, pointer + 4)
    if (highest >= range.first) children.push(view.getUint32(pointer))
    isOver = highest >= range.last
  }
  if (!isOver) children.push(view.getUint32(at + 8))
  // Nearly all interior pages are parents of leaves, so their children are not read.
  const isAboveLeaves = children.length === 0 || isLeaf(file, children[0] as number)
  for (const child of children) {
    if (isAboveLeaves) take(child)
    else collectLeaves(file, { page: child, depth: depth + 1 }, range, take)
  }
}

function isLeaf(file: TableFile, page: number): boolean {
  const bytes = new Uint8Array(file.pageBytes)
  readPages(file, bytes, page, 1)
  return bytes[0] === LEAF
}

function readPages(file: TableFile, bytes: Uint8Array, page: number, count: number): void {
  const length = count * file.pageBytes
  const position = (page - 1) * file.pageBytes
  if (page < 1 || readSync(file.fd, bytes, 0, length, position) !== length) {
    throw damagedPages(file, `page ${page} is missing: the file was cut off`)
  }
}

/** A varint of SQLite: 1 to 9 bytes, high bits first; exact below 2^53. */
export function readVarint(view: DataView, at: number): number {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = view.getUint8(at + i)
    value = value * 128 + (byte & 127)
    if (byte < 128) return value
  }
  return value * 256 + view.getUint8(at + 8)
}

/** The error for a damaged page. */
export function damagedPages({ path }: TableFile, reason: string): TcpconnError {
  return new TcpconnError('E_DAMAGED_TRACE', {
    what: `${path} is damaged`,
    reason,
    hint: `recover the readable rows: sqlite3 ${path} .recover | sqlite3 recovered.db`,
  })
}
