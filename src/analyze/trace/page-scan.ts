import type { TakeRow } from './attempt-block.js'
import type { AttemptColumn } from './attempt-columns.js'
import { createAttemptDecoder } from './decode-attempts.js'
import { createRowTest, type RowConditions } from './row-test.js'
import { PADDING_BYTES, damagedPages, readPageList, type TableFile } from './table-pages.js'

/** Bytes that are read at a time: with the rows of them they fit the cache of a core. */
const CHUNK_BYTES = 1 << 17

/** A scan of some leaf pages of connect_attempt: plain data, which threads pass to each other. */
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

/** Reads the chunks of a scan: pages that are read at once. */
export interface ChunkReader {
  /**
   * Passes the attempts of a chunk.
   * @throws E_DAMAGED_TRACE
   */
  read(chunk: number, take: TakeRow): void
}

/** @returns a reader with memory of its own: each thread has one */
export function createChunkReader(scan: PageScan): ChunkReader {
  const { table, pages, columns, conditions } = scan
  const { pageBytes } = table
  const decoder = createAttemptDecoder({ ...scan, pageBytes }, columns, createRowTest(conditions))
  const most = pagesPerChunk(table)
  const bytes = new Uint8Array(most * pageBytes + PADDING_BYTES)
  const view = new DataView(bytes.buffer)
  return {
    read(chunk, take) {
      const list = pages.subarray(chunk * most, (chunk + 1) * most)
      readPageList(table, list, bytes)
      for (let page = 0; page < list.length; page++) {
        if (decoder.decodePage(view, page * pageBytes, take)) continue
        throw damagedPages(table, 'connect_attempt holds something that is no row of integers')
      }
    },
  }
}

/** Pages of a chunk; the last one may have fewer. */
export function pagesPerChunk({ pageBytes }: TableFile): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / pageBytes))
}
