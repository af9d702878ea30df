import { textWidth } from '../text/text-width.js'
import { cellText, viewColumns, type ViewColumn } from './view-columns.js'
import type { ConnectRow } from './connect-row.js'
import { renderJsonRow } from './render-json-row.js'
import type { ViewOptions } from './view-options.js'

/** Rows of a view as lines. */
export interface ConnectView {
  /** Lines above the rows; none for JSON */
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
 * At least one space after each cell, and no spaces in cells except the last, free column: every row can be split at
 * white space.
 */
function joinCells(columns: readonly ViewColumn[], textOf: (column: ViewColumn) => string): string {
  const cells = columns.map((column) => {
    const text = textOf(column)
    return text + ' '.repeat(Math.max(0, column.width - textWidth(text)))
  })
  return cells.join(' ').trimEnd()
}
