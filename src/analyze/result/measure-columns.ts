import { safeText } from '../../show/safe-text.js'
import { textWidth } from '../../show/text-width.js'
import { createCellFormatter } from './format-cells.js'
import type { Column, Result, Row, Value } from './result.js'

/** A column as it stands in a table. */
export interface MeasuredColumn {
  readonly column: Column
  readonly heading: string
  /** Cells of the widest text in it. */
  readonly width: number
  valueOf(row: Row): Value
  /** What stands for it in a row. */
  textOf(row: Row): string
}

/** How values become texts. */
export interface MeasureOptions {
  /** What the format needs beyond text that is safe for a terminal */
  readonly escape?: (text: string) => string
  /** Room is scarce: times are in ms at most, and without their day where this is that of all of them. */
  readonly day?: string | null
}

/** No path is longer; a text that is would make every line of the table as long. */
const MAX_WIDTH = 4096

/**
 * The columns that are shown to people. Texts are made anew wherever they are needed: of a million rows they would take
 * more memory than the rows.
 */
export function measureColumns({ columns, rows }: Result, options: MeasureOptions = {}): MeasuredColumn[] {
  const { escape = (text: string) => text, day } = options
  return columns.flatMap((column, position) => {
    if (column.isHidden) return []
    const valueOf = (row: Row) => row[position] ?? null
    const format = createCellFormatter(column.kind, () => rows.map(valueOf), day)
    const textOf = (row: Row) => escape(format(valueOf(row)))
    const heading = escape(safeText(column.heading))
    const widest = rows.reduce((max, row) => Math.max(max, textWidth(textOf(row))), textWidth(heading))
    return [{ column, heading, width: Math.min(widest, MAX_WIDTH), valueOf, textOf }]
  })
}

/** Fills a text up to `width` cells: texts on the right, numbers on the left. */
export function padCell(text: string, width: number, { kind }: Column): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)))
  return kind === 'text' ? text + blanks : blanks + text
}
