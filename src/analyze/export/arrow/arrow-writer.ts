import {
  AsyncByteQueue,
  Message,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Struct,
  makeData,
  type Schema,
} from 'apache-arrow'
import type { BatchWriter, ExportSchema, FileMetadata } from '../rows/column.js'
import { createArrowColumn } from './arrow-column.js'
import { arrowSchema } from './arrow-schema.js'

/** A file can be read in any order, a stream only sequentially. */
export type ArrowForm = 'file' | 'stream'

/**
 * Writes an Arrow IPC file or stream. Dictionaries are written once, before the first batch.
 * Format: https://arrow.apache.org/docs/format/Columnar.html
 */
export function createArrowWriter(columns: ExportSchema, metadata: FileMetadata, form: ArrowForm): BatchWriter {
  const schema = arrowSchema(columns, metadata)
  const sink = new ByteCollector()
  const writer = form === 'file' ? new FileWriter() : new RecordBatchStreamWriter({ autoDestroy: false })
  writer.reset(sink, schema)
  const parts = columns.map((column, i) => createArrowColumn(column, schema.fields[i]!.type))
  const struct = new Struct(schema.fields)
  return {
    add(batch) {
      if (batch.rowCount === 0) return []
      // The values of a column are valid until the next one is read; the encoded bytes remain valid.
      const children = parts.map((part, i) => part(batch.values(i), batch.rowCount))
      const data = makeData({ type: struct, length: batch.rowCount, nullCount: 0, children })
      writer.write(new RecordBatch(schema, data))
      return sink.take()
    },
    finish() {
      writer.finish()
      return sink.take()
    },
  }
}

/* oxlint-disable no-underscore-dangle -- names of apache-arrow */
/** The schema is in the footer and at the start, so that a file can be read as a stream. */
class FileWriter extends RecordBatchFileWriter {
  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema)
    return this._writeMessage(Message.from(schema))
  }
}
/* oxlint-enable no-underscore-dangle */

/** Joins parts for one write, alternating between two buffers: the other may still be in use by a write. */
class ByteCollector extends AsyncByteQueue {
  private memory = [new Uint8Array(1 << 20), new Uint8Array(1 << 20)] as [Uint8Array, Uint8Array]
  private length = 0

  override write(chunk: Uint8Array): void {
    if (this.length + chunk.length > this.memory[0].length) {
      const larger = new Uint8Array(Math.max(this.memory[0].length * 1.5, this.length + chunk.length))
      larger.set(this.memory[0].subarray(0, this.length))
      this.memory[0] = larger
    }
    this.memory[0].set(chunk, this.length)
    this.length += chunk.length
  }

  take(): readonly Uint8Array[] {
    const taken = this.memory[0].subarray(0, this.length)
    this.memory.reverse()
    this.length = 0
    return taken.length > 0 ? [taken] : []
  }
}
