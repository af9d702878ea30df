import { safeText } from '../../text/safe-text.js'
import { textWidth } from '../../text/text-width.js'
import { createCellFormatter } from './format-cells.js'
import type { Column, Result, Row, Value } from './result.js'

/** A column of a table. */
export interface MeasuredColumn {
  readonly column: Column
  readonly heading: string
  /** Width of its widest text. */
  readonly width: number
  valueOf(row: Row): Value
  /** The text of its value in a row. */
  textOf(row: Row): string
}

/** Formatting of values. */
export interface MeasureOptions {
  /** Escapes of the format, in addition to terminal control characters */
  readonly escape?: (text: string) => string
  /** Whether the table is too wide: times then have at most ms, and no day if all days are equal. */
  readonly day?: string | null
}

/** Maximum length of a path. A longer text would make every line as long. */
const MAX_WIDTH = 4096

/**
 * The columns of a table. Texts are formatted again each time they are needed: those of a million rows would take more memory
 * than the rows.
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

/** Pads a text to `width` cells: texts on the right, numbers on the left. */
export function padCell(text: string, width: number, { kind }: Column): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)))
  return kind === 'text' ? text + blanks : blanks + text
}
