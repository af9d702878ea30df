import { measureColumns, padCell, type MeasuredColumn } from './measure-columns.js'
import type { Result } from './result.js'

/** The shortest delimiter that sets the alignment of a column. */
const MIN_WIDTH = 4

/** A table in GitHub Flavored Markdown with the values of `table`. Its source is aligned too. */
export function* renderMarkdown(result: Result): Generator<string> {
  const columns = measureColumns(result, { escape: escapeMarkdown })
  const line = (cellOf: (column: MeasuredColumn) => string) => {
    const cells = columns.map((column) => padCell(cellOf(column), Math.max(MIN_WIDTH, column.width), column.column))
    return `| ${cells.join(' | ')} |`
  }
  yield line((column) => column.heading)
  yield line(({ column, width }) => {
    const dashes = '-'.repeat(Math.max(MIN_WIDTH, width) - 1)
    return column.kind === 'text' ? `${dashes}-` : `${dashes}:`
  })
  for (const row of result.rows) yield line((column) => column.textOf(row))
}

/** Escapes text: no cell end, link, image, tag, formula or emphasis. Line ends are already escaped. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_~[\]<>|&$]/g, '\\$&')
}
