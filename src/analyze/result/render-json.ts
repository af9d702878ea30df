import type { Result } from './result.js'

/** An array of row objects, one a line; keys are the columns' names, values raw. */
export function renderJson(result: Result): string[] {
  const names = result.columns.map((column) => column.name)
  const objects = result.rows.map((row) => JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i], value]))))
  return [`[${objects.join(',\n ')}]`]
}
