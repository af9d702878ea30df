import { clockDay } from '../../text/format-time.js'
import { measureColumns, type MeasuredColumn, padCell } from './measure-columns.js'
import type { Result, Value, Row } from './result.js'
import type { Paint } from '../../text/paint.js'
import { cutText } from '../../text/text-width.js'

/** Minimum width of cut texts while columns can be dropped. */
const MIN_TEXT_WIDTH = 12
const GAP = '  '

/** The columns of a table with their printed widths, and the notes about them. */
export interface TableLayout {
  readonly columns: readonly MeasuredColumn[]
  readonly notes: readonly string[]
}

/**
 * Makes a table fit: removes the day of times if it is the same for all, then drops the least important columns, then cuts texts.
 * @param width width of the terminal; `Infinity`: a file or a pipe
 */
export function layOutTable(result: Result, width: number): TableLayout {
  const whole = measureColumns(result)
  if (widthOf(whole.map((column) => column.width)) <= width) return { columns: whole, notes: [] }
  const day = dayOfAll(result)
  const columns = measureColumns(result, { day })
  const kept = leaveOut(columns, width)
  const left = columns.filter((column) => !kept.includes(column)).map(({ heading }) => heading)
  const hasTimes = day !== null && kept.some(({ column }) => column.kind === 'time')
  return {
    columns: cutTexts(kept, width),
    notes: [
      ...(left.length > 0 ? [`not shown at this width: ${left.join(', ')}`] : []),
      ...(hasTimes ? [`times are of ${day}, in UTC`] : []),
    ],
  }
}

/** The common day of all shown times; `null` if they differ or there are none. */
function dayOfAll({ columns, rows }: Result): string | null {
  const positions = columns.flatMap(({ kind, isHidden }, i) => (kind === 'time' && !isHidden ? [i] : []))
  const times = rows.flatMap((row) => positions.map((i): Value => row[i] ?? null)).filter((time) => time !== null)
  const days = new Set(times.map((time) => (typeof time === 'bigint' ? clockDay(time) : null)))
  const [day] = days
  return days.size === 1 ? (day ?? null) : null
}

/** The remaining columns. Drops columns in the order of `leaveOut`, then from the last one; never the first one. */
function leaveOut(columns: readonly MeasuredColumn[], width: number): MeasuredColumn[] {
  let kept = [...columns]
  while (kept.length > 1 && widthOf(kept.map(minimumOf)) > width) {
    const ranks = kept.flatMap(({ column }) => column.leaveOut ?? [])
    const next = Math.min(...ranks)
    kept = ranks.length > 0 ? kept.filter(({ column }) => column.leaveOut !== next) : kept.slice(0, -1)
  }
  return kept
}

function cutTexts(columns: readonly MeasuredColumn[], width: number): MeasuredColumn[] {
  const widths = columns.map((column) => column.width)
  const minima = columns.length > 1 ? columns.map(minimumOf) : [1]
  const fitted = fitWidths(widths, minima, width - GAP.length * (columns.length - 1))
  return columns.map((column, i) => ({ ...column, width: fitted[i] as number }))
}

function minimumOf({ column, width }: MeasuredColumn): number {
  return column.kind === 'text' ? Math.min(width, column.minWidth ?? MIN_TEXT_WIDTH) : width
}

function widthOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
}

/**
 * Makes columns fit by shrinking the widest ones evenly.
 * @param widths wanted width of each column
 * @param minima minimum width of each column
 * @param total width of all columns together; exceeded if the minima require it
 */
export function fitWidths(widths: readonly number[], minima: readonly number[], total: number): number[] {
  const fitted = [...widths]
  const excess = widths.reduce((sum, width) => sum + width, 0) - total
  for (let taken = 0; taken < excess; taken++) {
    const givers = fitted.map((width, i) => (width > (minima[i] as number) ? width : 0))
    const widest = Math.max(...givers)
    if (widest === 0) break
    fitted[givers.indexOf(widest)] = widest - 1
  }
  return fitted
}

/** The lines of a table: headings and rows, numbers right-aligned, texts cut to the width of their column, failures in color. */
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
