import type { AttemptBlock } from './attempt-block.js'
import type { AttemptColumn } from './attempt-columns.js'
import { createDecodePage } from './decode-attempts.js'
import { createColumnTests, type RowConditions } from './row-test.js'
import { PADDING_BYTES, damagedPages, readPageList, type TableFile } from './table-pages.js'

/** Bytes per read. With their rows, they fit the cache of a core. */
const CHUNK_BYTES = 1 << 17

/** A scan of leaf pages of connect_attempt. Plain data, which is sent to worker threads. */
export interface PageScan {
  readonly table: TableFile
  /** Leaf pages in the order of ids */
  readonly pages: Uint32Array
  /** Ids, both ends included */
  readonly first: number
  readonly last: number
  readonly columns: readonly AttemptColumn[]
  readonly conditions: RowConditions
}

/**
 * Adds the attempts of a chunk (pages read together) to blocks.
 * @param roomFor returns a block with space for this many more attempts
 * @throws E_DAMAGED_TRACE
 */
export type ReadChunk = (chunk: number, roomFor: (count: number) => AttemptBlock) => void

/** @returns a reader with its own memory, one per thread */
export function createReadChunk(scan: PageScan): ReadChunk {
  const { table, pages, conditions } = scan
  const { pageBytes } = table
  const decodePage = createDecodePage({ ...scan, pageBytes, tests: createColumnTests(conditions) })
  const most = pagesPerChunk(table)
  const bytes = new Uint8Array(most * pageBytes + PADDING_BYTES)
  const memory = { bytes, view: new DataView(bytes.buffer) }
  return (chunk, roomFor) => {
    const list = pages.subarray(chunk * most, (chunk + 1) * most)
    readPageList(table, list, bytes)
    for (let page = 0; page < list.length; page++) {
      if (decodePage(memory, page * pageBytes, roomFor)) continue
      throw damagedPages(table, 'connect_attempt holds something that is no row of integers')
    }
  }
}

/** Pages of a chunk; the last chunk may have fewer. */
export function pagesPerChunk({ pageBytes }: TableFile): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / pageBytes))
}
