import type { Sink } from '../output/sink.js'
import type { AttemptRows } from './rows/attempt-rows.js'
import type { AttemptTable } from './rows/attempt-table.js'
import type { BatchWriter } from './rows/column.js'

/** The destination of attempts. */
export interface ExportTarget {
  /** The arrays can be reused when it resolves. */
  add(rows: AttemptRows): Promise<void>
  /** Gives the output its name. */
  finish(): Promise<void>
  /** Removes the output. Does nothing after `finish`. */
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
