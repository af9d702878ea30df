import type { ColumnValues, DoubleValues, ExportColumn, LongValues } from '../rows/column.js'
import { putDeltas, putPlainLongs } from './encode-deltas.js'
import { bitsOf, putHybrid } from './encode-hybrid.js'
import { putLevels, reserveRows, takeLongs, type EncodeScratch } from './encode-levels.js'
import { putByte, putBytes } from '../../../sums/byte-buffer.js'
import { ENCODING, ZSTD, physicalType } from './parquet-types.js'
import { createStatistics, noteLongRange, thriftStatistics, type Statistics } from './statistics.js'
import { binary, i32, i64, listOf, struct, writeThrift, type ThriftStruct } from './thrift-writer.js'
import { createValueDictionary, type ValueDictionary } from './value-dictionary.js'
import type { Compress } from './zstd.js'

const DATA_PAGE = 0
const DICTIONARY_PAGE = 2

/** A written column of a row group. */
export interface FinishedChunk {
  readonly parts: readonly Uint8Array[]
  readonly byteLength: number
  readonly uncompressedBytes: number
  /** The ColumnMetaData of the footer, for a chunk that begins at `offset` of the file */
  metadata(offset: number): ThriftStruct
}

/** Encodes a column, one row group after the other. */
export interface ChunkWriter {
  /** Adds a page, and returns it. */
  add(values: ColumnValues, count: number): DataPage
  /** Adds the page of another column of 64-bit integers with the same values. */
  repeat(page: DataPage, values: LongValues, count: number): void
  /** Ends the row group. */
  finish(): FinishedChunk
}

export function createChunkWriter(column: ExportColumn, scratch: EncodeScratch, compress: Compress): ChunkWriter {
  const dictionary = createValueDictionary(column.type)
  let chunk = startChunk()
  const pack = (header: (sizes: ThriftStruct) => ThriftStruct): Page => {
    const { page } = scratch
    const bytes = compress(page.bytes.subarray(0, page.length))
    const head = writeThrift(header({ 2: i32(page.length), 3: i32(bytes.length) }))
    return {
      parts: [head, bytes],
      byteLength: head.length + bytes.length,
      uncompressedBytes: head.length + page.length,
    }
  }
  const push = (page: DataPage, count: number) => {
    chunk.statistics.nullCount += count - page.present
    chunk.rowCount += count
    chunk.encodings.add(page.encoding)
    chunk.pages.push(page)
    return page
  }
  return {
    add(values, count) {
      scratch.page.length = 0
      reserveRows(scratch, count)
      const present =
        values.kind === 'coded' ? dictionary.translate(values, count, scratch) : takeLongs(values, count, scratch)
      putLevels(column, count, present, scratch)
      const encoding =
        values.kind === 'coded'
          ? putCodes(dictionary, present, scratch)
          : putNumbers(values, present, scratch, chunk.statistics)
      const page = pack((sizes) => ({ 1: i32(DATA_PAGE), ...sizes, 5: dataPageHeader(count, encoding) }))
      return push({ ...page, encoding, present }, count)
    },
    repeat(page, { halves }, count) {
      noteLongRange(chunk.statistics, halves, count)
      push(page, count)
    },
    finish() {
      const { pages, statistics } = chunk
      const size = dictionary.size
      scratch.page.length = 0
      dictionary.putValues(scratch.page, statistics)
      const values = struct({ 1: i32(size), 2: i32(ENCODING.plain) })
      const hasDictionary = chunk.encodings.has(ENCODING.rleDictionary)
      const first = hasDictionary ? [pack((sizes) => ({ 1: i32(DICTIONARY_PAGE), ...sizes, 7: values }))] : []
      const finished = finishChunk(column, chunk, [...first, ...pages], first[0]?.byteLength ?? null)
      chunk = startChunk()
      return finished
    },
  }
}

/** A page of values. */
export interface DataPage extends Page {
  readonly encoding: number
  /** Rows with a value */
  readonly present: number
}

interface Page {
  readonly parts: readonly Uint8Array[]
  readonly byteLength: number
  readonly uncompressedBytes: number
}

/** @returns the encoding */
function putCodes({ size }: ValueDictionary, present: number, { page, present: numbers }: EncodeScratch): number {
  const max = Math.max(0, size - 1)
  putByte(page, bitsOf(max))
  putHybrid(page, numbers, present, max)
  return ENCODING.rleDictionary
}

/** @returns the encoding */
function putNumbers(
  values: LongValues | DoubleValues,
  present: number,
  { page, present: halves }: EncodeScratch,
  statistics: Statistics,
): number {
  if (values.kind === 'doubles') {
    putBytes(page, new Uint8Array(halves.buffer, 0, present * 8))
    return ENCODING.plain
  }
  noteLongRange(statistics, halves, present)
  if (putDeltas(page, halves, present)) return ENCODING.deltaBinaryPacked
  putPlainLongs(page, halves, present)
  return ENCODING.plain
}

function startChunk() {
  return { pages: [] as Page[], statistics: createStatistics(), rowCount: 0, encodings: new Set<number>() }
}

function dataPageHeader(count: number, encoding: number) {
  return struct({ 1: i32(count), 2: i32(encoding), 3: i32(ENCODING.rle), 4: i32(ENCODING.rle) })
}

function finishChunk(
  column: ExportColumn,
  { statistics, rowCount, encodings }: ReturnType<typeof startChunk>,
  pages: readonly Page[],
  dictionaryBytes: number | null,
): FinishedChunk {
  const byteLength = pages.reduce((sum, page) => sum + page.byteLength, 0)
  const uncompressedBytes = pages.reduce((sum, page) => sum + page.uncompressedBytes, 0)
  const used = [...new Set([...encodings, ENCODING.rle, ...(dictionaryBytes === null ? [] : [ENCODING.plain])])]
  return {
    parts: pages.flatMap((page) => page.parts),
    byteLength,
    uncompressedBytes,
    metadata: (offset) => ({
      1: i32(physicalType(column.type)),
      2: listOf('i32', used.map(i32)),
      3: listOf('binary', [binary(column.name)]),
      4: i32(ZSTD),
      5: i64(rowCount),
      6: i64(uncompressedBytes),
      7: i64(byteLength),
      9: i64(offset + (dictionaryBytes ?? 0)),
      11: dictionaryBytes === null ? undefined : i64(offset),
      12: thriftStatistics(statistics),
    }),
  }
}
