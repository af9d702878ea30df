import { textWidth } from '../show/text-width.js'
import { cellText } from './cell-text.js'
import type { ConnectRow } from './connect-row.js'
import { renderJsonRow } from './render-json-row.js'
import { viewColumns, type ViewColumn } from './view-columns.js'
import type { ViewOptions } from './view-options.js'

/** Rows of a view as lines, one after the other. */
export interface ConnectView {
  /** What stands above the rows; nothing in JSON */
  readonly header: readonly string[]
  line(row: ConnectRow): string
}

export function createConnectView(options: ViewOptions): ConnectView {
  if (options.json) return { header: [], line: renderJsonRow }
  const columns = viewColumns(options)
  let firstNs: number | null = null
  return {
    header: [joinCells(columns, (column) => column.heading)],
    line(row) {
      const zeroNs = (firstNs ??= row.startedNs)
      return joinCells(columns, (column) => shownText(column, column.text(row, zeroNs)))
    },
  }
}

function shownText({ isFree }: ViewColumn, text: string): string {
  return isFree ? text : cellText(text)
}

/**
 * A space after each cell at least, and none in one but the free column at the end, so that every row splits into exactly
 * its columns at white space.
 */
function joinCells(columns: readonly ViewColumn[], textOf: (column: ViewColumn) => string): string {
  const cells = columns.map((column) => {
    const text = textOf(column)
    return text + ' '.repeat(Math.max(0, column.width - textWidth(text)))
  })
  return cells.join(' ').trimEnd()
}
