import type { Paint } from '../../show/paint.js'
import { cutText } from '../../show/text-width.js'
import { GAP } from './lay-out-table.js'
import { padCell, type MeasuredColumn } from './measure-columns.js'
import type { Row, Value } from './result.js'

/** Headings and rows, and texts between them: numbers to the right, units scaled, texts cut to the width of their column, failures painted. */
export function* tableLines(
  columns: readonly MeasuredColumn[],
  rows: readonly (Row | string)[],
  paint: Paint,
): Generator<string> {
  yield paint.heading(joinCells(columns.map((column) => fillCell(column, column.heading))))
  for (const row of rows) {
    if (typeof row === 'string') {
      yield paint.note(row)
      continue
    }
    const cells = columns.map((column) => {
      const text = fillCell(column, column.textOf(row))
      return column.column.isFailure && isAboveZero(column.valueOf(row)) ? paint.failure(text) : text
    })
    yield joinCells(cells)
  }
}

function fillCell({ column, width }: MeasuredColumn, text: string): string {
  return padCell(column.kind === 'text' ? cutText(text, width) : text, width, column)
}

function joinCells(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd()
}

function isAboveZero(value: Value): boolean {
  return value !== null && typeof value !== 'string' && value > 0
}
