import { safeText } from '../../text/safe-text.js'
import { textWidth } from '../../text/text-width.js'
import { WINDOW_SECONDS } from '../window/attempt-window.js'
import { TOP_COLUMNS, type FullRow, type TopColumn } from '../window/top-columns.js'

/** A name is not cut below this while there are columns that can go: an IPv4 address with its port. */
const MIN_NAME = 21
const MIN_SPARKLINE = 7

/** The columns of the table, as wide as they are shown. */
export interface TableColumns {
  readonly nameWidth: number
  readonly columns: readonly { readonly column: TopColumn; readonly cells: number }[]
  /** 0: no sparkline */
  readonly sparklineWidth: number
}

/**
 * Fits the columns into `width` cells: the sparkline shrinks first, then it and the least important columns go, then names are
 * cut.
 * @param margin cells before each name
 */
export function layOutColumns(heading: string, rows: readonly FullRow[], width: number, margin: number): TableColumns {
  const longest = Math.max(textWidth(heading), ...rows.map(({ label }) => textWidth(safeText(label))))
  const minName = Math.min(longest, MIN_NAME)
  const all = TOP_COLUMNS.map((column) => {
    return { column, cells: Math.max(column.width, ...rows.map((row) => column.text(row).length)) }
  })
  const room = (columns: typeof all) => width - margin - columns.reduce((sum, { cells }) => sum + cells + 1, 0)
  const whole = room(all)
  const sparklineRoom = whole - 1 - Math.min(longest, Math.max(minName, whole - 1 - WINDOW_SECONDS))
  const hasSparkline = sparklineRoom >= MIN_SPARKLINE
  let columns = all
  while (columns.length > 0 && room(columns) < minName) {
    const next = Math.min(...columns.map(({ column }) => column.leaveOut))
    columns = columns.filter(({ column }) => column.leaveOut !== next)
  }
  const sparklineWidth = hasSparkline ? Math.min(WINDOW_SECONDS, sparklineRoom) : 0
  const left = room(columns) - (hasSparkline ? 1 + sparklineWidth : 0)
  return { nameWidth: Math.max(1, Math.min(longest, left)), columns, sparklineWidth }
}
