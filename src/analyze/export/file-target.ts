import type { Sink } from '../output/sink.js'
import type { AttemptRows } from './rows/attempt-rows.js'
import type { AttemptTable } from './rows/attempt-table.js'
import type { BatchWriter } from './rows/column.js'

/** Where attempts are written. */
export interface ExportTarget {
  /** The arrays may be used again when it resolves. */
  add(rows: AttemptRows): Promise<void>
  /** Makes what was written appear under its name. */
  finish(): Promise<void>
  /** Leaves nothing behind. After `finish` it does nothing. */
  abort(): void
}

/** One file or stdout. */
export function createFileTarget(sink: Sink, table: AttemptTable, writer: BatchWriter): ExportTarget {
  return {
    add: (rows) => sink.write(writer.add(table.batchOf(rows))),
    async finish() {
      await sink.write(writer.finish())
      await sink.finish()
    },
    abort: sink.abort,
  }
}
