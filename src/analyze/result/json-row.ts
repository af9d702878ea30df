import { jsonText } from '../../show/json-text.js'
import type { Column, Row, Value } from './result.js'

/**
 * Makes an object of a row, in JSON: keys are the columns' names, values raw. Integers beyond 2^53 are exact literals, what
 * JSON has no number for is null.
 */
export function createJsonRow(columns: readonly Column[]): (row: Row) => string {
  const keys = columns.map(({ name }) => `${jsonText(name)}:`)
  return (row) => `{${keys.map((key, i) => key + jsonValue(row[i] ?? null)).join(',')}}`
}

function jsonValue(value: Value): string {
  if (typeof value === 'string') return jsonText(value)
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}
