import type { Paint } from '../../show/paint.js'
import { cutText } from '../../show/text-width.js'
import { fitWidths } from './fit-widths.js'
import { measureColumns, padCell, type MeasuredColumn } from './measure-columns.js'
import type { Result, Value } from './result.js'

const GAP = '  '

/**
 * Headings and rows: numbers to the right, units scaled, texts cut to fit, failures painted.
 * @param width columns of the terminal, `Infinity` for a file or a pipe
 */
export function* tableLines(result: Result, width: number, paint: Paint): Generator<string> {
  const columns = fitColumns(measureColumns(result), width)
  yield paint.heading(joinCells(columns.map((column) => fillCell(column, column.heading))))
  for (const row of result.rows) {
    const cells = columns.map((column) => {
      const text = fillCell(column, column.textOf(row))
      return column.column.isFailure && isAboveZero(column.valueOf(row)) ? paint.failure(text) : text
    })
    yield joinCells(cells)
  }
}

function fitColumns(columns: readonly MeasuredColumn[], width: number): MeasuredColumn[] {
  const widths = fitWidths(
    columns.map((column) => column.width),
    columns.map(({ column }) => column.kind === 'text'),
    width - GAP.length * (columns.length - 1),
  )
  return columns.map((column, i) => ({ ...column, width: widths[i] as number }))
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
