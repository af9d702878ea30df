import { formatPlural } from '../../text/format-number.js'
import { safeLine } from '../../text/safe-text.js'
import { wrapLine } from '../../text/wrap-line.js'
import type { View } from './format.js'
import { layOutTable, tableLines } from './lay-out-table.js'
import { NO_ATTEMPTS, type Result } from './result.js'

/** Width of charts in files and pipes. */
const UNKNOWN_WIDTH = 80

/** Width of a chart in an output of this width. */
export function chartWidth(width: number): number {
  return Number.isFinite(width) ? width : UNKNOWN_WIDTH
}

/** A report: losses, chart, table, notes. */
export function* renderTable(result: Result, { width, paint, loss, cover }: View): Generator<string> {
  const wrap = (line: string) => wrapLine(safeLine(line), width)
  const layout = layOutTable(result, width)
  for (const line of loss.flatMap(wrap)) yield paint.loss(line)
  if (result.rows.length > 0) {
    const chart = result.chart?.(chartWidth(width)) ?? []
    for (const line of chart) yield safeLine(line)
    if (!result.isChartOnly) yield* tableLines(layout.columns, result.shownRows ?? result.rows, paint)
  } else {
    yield* wrap(result.whenEmpty ?? NO_ATTEMPTS)
  }
  const left =
    result.isChartOnly || result.rows.length === 0 ? [] : [...describeHidden(result.hiddenRows), ...layout.notes]
  for (const line of [...left, ...result.notes, ...cover].flatMap(wrap)) yield paint.note(line)
}

function describeHidden(rows: number): string[] {
  if (rows === 0) return []
  return [`… and ${formatPlural(rows, 'more row')} (--limit N shows more)`]
}
