import { csvText } from '../../text/quote-text.js'
import type { Result, Value } from './result.js'

/** Comma-separated values with a header and raw numbers; NULL is empty. */
export function* renderCsv({ columns, rows }: Result): Generator<string> {
  yield columns.map(({ name }) => csvText(name)).join(',')
  for (const row of rows) yield columns.map((_, i) => csvValue(row[i] ?? null)).join(',')
}

function csvValue(value: Value): string {
  if (value === null) return ''
  return typeof value === 'string' ? csvText(value) : String(value)
}
