import type { Result, Column, Row, Value } from './result.js'
import { jsonText } from '../../text/quote-text.js'

/** An array of row objects, one per line. */
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

/**
 * Converts a row to a JSON object: keys are column names, values are raw. Integers above 2^53 are exact literals; numbers that
 * JSON cannot express are null.
 */
function createJsonRow(columns: readonly Column[]): (row: Row) => string {
  const keys = columns.map(({ name }) => `${jsonText(name)}:`)
  return (row) => `{${keys.map((key, i) => key + jsonValue(row[i] ?? null)).join(',')}}`
}

function jsonValue(value: Value): string {
  if (typeof value === 'string') return jsonText(value)
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}

/** One row object per line: https://jsonlines.org */
export function* renderJsonl({ columns, rows }: Result): Generator<string> {
  const toJson = createJsonRow(columns)
  for (const row of rows) yield toJson(row)
}
