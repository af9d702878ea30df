import { formatDuration } from '../../show/format-duration.js'
import { formatCount } from '../../show/format-number.js'
import { safeText } from '../../show/safe-text.js'
import type { Column, Result, Value } from './result.js'

const GAP = '  '
/** Texts are cut no shorter than this, however narrow the terminal. */
const MIN_TEXT_WIDTH = 12

/**
 * A table of plain text: numbers to the right, units scaled, texts cut to fit.
 * @param width columns of the terminal, `Infinity` for a file or a pipe
 */
export function renderTable(result: Result, width: number): string[] {
  const cells = result.rows.map((row) => row.map((value, i) => formatCell(value, result.columns[i] as Column)))
  const headings = result.columns.map((column) => column.heading)
  const widths = fitWidths(result.columns, naturalWidths([headings, ...cells]), width)
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => pad(text, widths[i] as number, result.columns[i] as Column))
      .join(GAP)
      .trimEnd()
  return [line(headings), ...cells.map(line), ...result.notes]
}

function formatCell(value: Value, column: Column): string {
  if (value === null) return '-'
  if (column.kind === 'duration') return formatDuration(value as number)
  if (column.kind === 'count') return formatCount(value as number)
  if (column.kind === 'percent') return `${(value as number).toFixed(1)}%`
  return safeText(String(value))
}

function naturalWidths(lines: readonly (readonly string[])[]): number[] {
  return (lines[0] ?? []).map((_, i) => lines.reduce((max, line) => Math.max(max, (line[i] as string).length), 0))
}

/** Takes what is too much from the widest text column. */
function fitWidths(columns: readonly Column[], widths: number[], total: number): number[] {
  const excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - total
  if (excess <= 0) return widths
  const texts = widths.map((width, i) => (columns[i]?.kind === 'text' ? width : 0))
  const widest = texts.indexOf(Math.max(...texts))
  return widths.map((width, i) => (i === widest ? Math.max(MIN_TEXT_WIDTH, width - excess) : width))
}

function pad(text: string, width: number, column: Column): string {
  // Never between the two halves of a character beyond U+FFFF.
  if (text.length > width) return `${text.slice(0, width - 1).replace(/[\ud800-\udbff]$/, '')}…`.padEnd(width)
  return column.kind === 'text' ? text.padEnd(width) : text.padStart(width)
}
