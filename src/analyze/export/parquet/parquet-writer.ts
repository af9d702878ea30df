import { TOOL_VERSION } from '../../../base/package.js'
import type { BatchWriter, ExportSchema, FileMetadata, RowBatch } from '../rows/column.js'
import { createChunkWriter, type ChunkWriter, type DataPage } from './column-chunk.js'
import { createScratch, type EncodeScratch } from './encode-levels.js'
import { schemaElement } from './parquet-types.js'
import { binary, i32, i64, listOf, struct, writeThrift, type ThriftStruct } from './thrift-writer.js'
import type { Compress } from './zstd.js'

const MAGIC = Buffer.from('PAR1')
const FORMAT_VERSION = 2
/** Rows per row group, the unit that readers skip or read. */
const ROW_GROUP_ROWS = 1_000_000
/** Column order "by type": signed or unsigned numbers, texts by their bytes. */
const ORDER_BY_TYPE = struct({ 1: struct({}) })

/** Metadata, compression, and memory shared with other open files. */
export interface ParquetSettings {
  readonly metadata: FileMetadata
  readonly compress: Compress
  readonly scratch?: EncodeScratch
}

/** Format: https://parquet.apache.org/docs/file-format/ */
export function createParquetWriter(schema: ExportSchema, settings: ParquetSettings): BatchWriter {
  const scratch = settings.scratch ?? createScratch()
  const chunks = schema.map((column) => createChunkWriter(column, scratch, settings.compress))
  const rowGroups: ThriftStruct[] = []
  const started: Uint8Array[] = [MAGIC]
  let offset = MAGIC.length
  let groupRows = 0
  let totalRows = 0

  function finishRowGroup(): readonly Uint8Array[] {
    const finished = chunks.map((chunk) => chunk.finish())
    const start = offset
    const columns = finished.map(({ byteLength, metadata }) => {
      const entry = struct({ 2: i64(0), 3: struct(metadata(offset)) })
      offset += byteLength
      return entry
    })
    const uncompressedBytes = finished.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0)
    rowGroups.push({
      1: listOf('struct', columns),
      2: i64(uncompressedBytes),
      3: i64(groupRows),
      5: i64(start),
      6: i64(offset - start),
    })
    totalRows += groupRows
    groupRows = 0
    return [...started.splice(0), ...finished.flatMap(({ parts }) => parts)]
  }

  return {
    add(batch) {
      if (batch.rowCount === 0) return []
      addPages(chunks, schema, batch)
      groupRows += batch.rowCount
      return groupRows >= ROW_GROUP_ROWS ? finishRowGroup() : []
    },
    finish() {
      const last = groupRows > 0 ? finishRowGroup() : started.splice(0)
      const footer = writeThrift(fileMetadata(schema, settings, rowGroups, totalRows))
      const length = Buffer.alloc(4)
      length.writeUInt32LE(footer.length)
      return [...last, footer, length, MAGIC]
    },
  }
}

/** `started_ns` and `time` have the same values, encoded once. */
function addPages(chunks: readonly ChunkWriter[], schema: ExportSchema, batch: RowBatch): void {
  let previous: { page: DataPage; halves: Int32Array; isNullable: boolean } | null = null
  for (const [i, chunk] of chunks.entries()) {
    const values = batch.values(i)
    const isNullable = schema[i]!.isNullable
    if (values.kind === 'longs' && values.nulls === null) {
      if (previous !== null && previous.halves === values.halves && previous.isNullable === isNullable) {
        chunk.repeat(previous.page, values, batch.rowCount)
      } else previous = { page: chunk.add(values, batch.rowCount), halves: values.halves, isNullable }
    } else chunk.add(values, batch.rowCount)
  }
}

function fileMetadata(
  schema: ExportSchema,
  { metadata }: ParquetSettings,
  rowGroups: readonly ThriftStruct[],
  rowCount: number,
): ThriftStruct {
  const root = struct({ 4: binary('schema'), 5: i32(schema.length) })
  const entries = [...metadata].map(([key, value]) => struct({ 1: binary(key), 2: binary(value) }))
  return {
    1: i32(FORMAT_VERSION),
    2: listOf('struct', [root, ...schema.map((column) => struct(schemaElement(column)))]),
    3: i64(rowCount),
    4: listOf('struct', rowGroups.map(struct)),
    5: listOf('struct', entries),
    6: binary(`tcpconn ${TOOL_VERSION}`),
    7: listOf(
      'struct',
      schema.map(() => ORDER_BY_TYPE),
    ),
  }
}
