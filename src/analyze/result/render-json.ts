import { createJsonRow } from './json-row.js'
import type { Result } from './result.js'

/** An array of row objects, one a line. */
export function* renderJson({ columns, rows }: Result): Generator<string> {
  const toJson = createJsonRow(columns)
  let line = '['
  for (const [i, row] of rows.entries()) {
    if (i > 0) {
      yield `${line},`
      line = ' '
    }
    line += toJson(row)
  }
  yield `${line}]`
}
