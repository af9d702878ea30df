import type { BatchWriter, ExportSchema } from '../rows/column.js'
import { createLineBuffer } from './line-buffer.js'
import { createCellColumn } from './text-cells.js'
import { jsonText } from '../../../text/quote-text.js'

/** One JSON object per line with all columns; integers are exact. */
export function createJsonlWriter(columns: ExportSchema): BatchWriter {
  const spelling = { text: jsonText, time: (text: string) => `"${text}"`, missing: 'null' }
  const cells = columns.map((column) => createCellColumn(column, spelling))
  const keys = columns.map(({ name }, i) => `${i === 0 ? '{' : ','}${jsonText(name)}:`)
  const buffer = createLineBuffer()
  return {
    add(batch) {
      const texts = cells.map((cell, i) => cell(batch.values(i), batch.rowCount))
      for (let row = 0; row < batch.rowCount; row++) {
        let line = ''
        for (let i = 0; i < texts.length; i++) line += `${keys[i]}${texts[i]![row]}`
        buffer.add(`${line}}\n`)
      }
      return [buffer.take()]
    },
    finish: () => [],
  }
}
