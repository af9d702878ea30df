import { formatCount } from '../../show/format-number.js'
import { safeLine } from '../../show/safe-text.js'
import type { View } from './format.js'
import type { Result } from './result.js'
import { tableLines } from './table-lines.js'

/** For charts that are read later. */
const UNKNOWN_WIDTH = 80

/** Columns that a chart has in an output of that width. */
export function chartWidth(width: number): number {
  return Number.isFinite(width) ? width : UNKNOWN_WIDTH
}

/** Everything there is to say of a result, for people: loss, chart, table, notes. */
export function* renderTable(result: Result, { width, paint, loss, cover }: View): Generator<string> {
  for (const line of loss) yield paint.loss(safeLine(line))
  if (result.rows.length > 0) {
    const chart = result.chart?.(chartWidth(width)) ?? []
    for (const line of chart) yield safeLine(line)
    if (!result.isChartOnly) yield* tableLines(result, width, paint)
  } else {
    yield safeLine(result.whenEmpty ?? 'no attempts match')
  }
  const hidden = result.hiddenRows > 0 && !result.isChartOnly ? [describeHidden(result.hiddenRows)] : []
  for (const line of [...hidden, ...result.notes, ...cover]) yield paint.note(safeLine(line))
}

function describeHidden(rows: number): string {
  return `… and ${formatCount(rows)} more ${rows === 1 ? 'row' : 'rows'} (--limit N shows more)`
}
