import { csvText } from '../../../text/quote-text.js'
import type { BatchWriter, ExportSchema } from '../rows/column.js'
import { createLineBuffer } from './line-buffer.js'
import { createCellColumn } from './text-cells.js'

/** Comma-separated values with a header and raw numbers; NULL is empty. */
export function createCsvWriter(columns: ExportSchema): BatchWriter {
  const cells = columns.map((column) => createCellColumn(column, { text: csvText, time: (text) => text, missing: '' }))
  const buffer = createLineBuffer()
  buffer.add(`${columns.map(({ name }) => name).join(',')}\n`)
  return {
    add(batch) {
      const texts = cells.map((cell, i) => cell(batch.values(i), batch.rowCount))
      for (let row = 0; row < batch.rowCount; row++) {
        let line = texts[0]?.[row] ?? ''
        for (let i = 1; i < texts.length; i++) line += `,${texts[i]![row]}`
        buffer.add(`${line}\n`)
      }
      return [buffer.take()]
    },
    finish: () => [buffer.take()],
  }
}
