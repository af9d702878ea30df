import { createJsonRow } from './json-row.js'
import type { Result } from './result.js'

/** A row object a line: https://jsonlines.org */
export function* renderJsonl({ columns, rows }: Result): Generator<string> {
  const toJson = createJsonRow(columns)
  for (const row of rows) yield toJson(row)
}
