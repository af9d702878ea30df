import { safeText } from '../../text/safe-text.js'
import { NO_ATTEMPTS, type ColumnKind, type Result, type Value } from '../result/result.js'
import type { ReportTable } from './report-data.js'

/** Characters of a text: a file of a stranger may have names of any length. */
const MAX_TEXT = 160

/** A table of the page from the result of a query: the columns that a terminal would show. */
export function makeTable(id: string, title: string, result: Omit<Result, 'chart'>): ReportTable {
  const shown = result.columns.flatMap((column, i) => (column.isHidden ? [] : [{ column, i }]))
  return {
    id,
    title,
    columns: shown.map(({ column: { name, heading, kind } }) => ({ name, heading, kind })),
    rows: result.rows.map((row) => shown.map(({ column, i }) => makeCell(row[i] ?? null, column.kind))),
    hiddenRows: result.hiddenRows,
    notes: [...(result.warnings ?? []), ...result.notes].map(makeText),
    whenEmpty: result.whenEmpty ?? NO_ATTEMPTS,
  }
}

/** A text that is safe to show, and not too long. */
export function makeText(text: string): string {
  const safe = safeText(text)
  return safe.length > MAX_TEXT ? `${safe.slice(0, MAX_TEXT)}…` : safe
}

function makeCell(value: Value, kind: ColumnKind): string | number | null {
  if (value === null) return null
  if (typeof value === 'string') return makeText(value)
  if (kind === 'time') return Number(BigInt(value) / 1000n)
  if (kind === 'text' || kind === 'number') return String(value)
  return kind === 'count' ? Number(value) : Number(Number(value).toPrecision(4))
}
