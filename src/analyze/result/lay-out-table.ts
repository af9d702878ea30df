import { clockDay } from '../../show/format-time.js'
import { fitWidths } from './fit-widths.js'
import { measureColumns, type MeasuredColumn } from './measure-columns.js'
import type { Result, Value } from './result.js'

/** Texts are cut no shorter than this while there are columns that can be left out. */
const MIN_TEXT_WIDTH = 12
export const GAP = '  '

/** The columns of a table as wide as they are printed, and what has to be said of them below it. */
export interface TableLayout {
  readonly columns: readonly MeasuredColumn[]
  readonly notes: readonly string[]
}

/**
 * Makes a table fit: times lose their day where it is the same for all, then the least important columns are left out, then
 * texts are cut.
 * @param width columns of the terminal, `Infinity` for a file or a pipe
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

/** The day of all times that are shown, `null` where they are of several, or of none. */
function dayOfAll({ columns, rows }: Result): string | null {
  const positions = columns.flatMap(({ kind, isHidden }, i) => (kind === 'time' && !isHidden ? [i] : []))
  const times = rows.flatMap((row) => positions.map((i): Value => row[i] ?? null)).filter((time) => time !== null)
  const days = new Set(times.map((time) => (typeof time === 'bigint' ? clockDay(time) : null)))
  const [day] = days
  return days.size === 1 ? (day ?? null) : null
}

/** What remains, the first column always, when columns go in the order of their `leaveOut`, then from the last on. */
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
