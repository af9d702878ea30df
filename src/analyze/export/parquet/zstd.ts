import { Field, Int64, RecordBatch, RecordBatchStreamWriter, Schema, Struct, makeData } from 'apache-arrow'
import { Compression, EnabledStatistics, Table, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm'

/** Something compressed: a zstd frame, and the bytes that it holds. */
export interface Compressed {
  readonly bytes: Uint8Array
  /** A multiple of 8: zeros are added, which no reader of a page looks at. */
  readonly uncompressedBytes: number
}

/** First bytes of every zstd frame: RFC 8878, 3.1.1. */
const MAGIC = Buffer.from('28b52ffd', 'hex')
const SCHEMA = new Schema([new Field('bytes', new Int64(), false)])
/** Where the only page of a file begins, behind "PAR1". */
const PAGE_START = 4
/** Pages may be larger than any that is passed here. */
const NO_LIMIT = 2 ** 30

/**
 * Compresses a page. Node 20 has no zstd, but parquet-wasm has: the bytes become the one plain page of a file of one column
 * of 64-bit integers, and its frame is taken out. Its own encoders take five times as long as the ones in this room, as
 * they look for the different values of a column anew in each row.
 */
export function compressZstd(bytes: Uint8Array): Compressed {
  const longs = new BigInt64Array(Math.max(1, Math.ceil(bytes.length / 8)))
  new Uint8Array(longs.buffer).set(bytes)
  const data = makeData({ type: new Int64(), length: longs.length, nullCount: 0, data: longs })
  const struct = makeData({ type: new Struct(SCHEMA.fields), length: longs.length, nullCount: 0, children: [data] })
  const stream = new RecordBatchStreamWriter()
  stream.write(new RecordBatch(SCHEMA, struct))
  stream.finish()
  // Both are given away, and freed.
  const file = writeParquet(Table.fromIPCStream(stream.toUint8Array(true)), properties())
  return { bytes: takeFrame(file), uncompressedBytes: longs.byteLength }
}

function properties() {
  return new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(EnabledStatistics.None)
    .setDataPageSizeLimit(NO_LIMIT)
    .setWriteBatchSize(NO_LIMIT)
    .build()
}

/** A page header begins with three integers: type, bytes and compressed bytes. The frame follows the header. */
function takeFrame(file: Uint8Array): Uint8Array {
  let at = PAGE_START
  let value = 0
  for (let field = 0; field < 3; field++) {
    // Each is the next field, of type i32.
    if (file[at++] !== 0x15) throw unexpected()
    value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = file[at++] as number
      value += (byte & 127) * shift
      if (byte < 128) break
    }
  }
  // Zigzag; never negative.
  const length = value / 2
  const start = Buffer.from(file.buffer, file.byteOffset, at + 64).indexOf(MAGIC, at)
  if (start === -1 || start + length > file.length) throw unexpected()
  return file.slice(start, start + length)
}

function unexpected(): Error {
  return new Error('parquet-wasm wrote a page in a form that is not known')
}
