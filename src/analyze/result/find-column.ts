import { UsageError } from '../../base/errors.js'
import { nearestName } from '../../text/nearest-name.js'
import type { Column } from './result.js'

/**
 * Finds the column of `--sort` by its name, with or without its unit, or by its heading.
 * @throws UsageError that suggests the nearest name
 */
export function requireColumn<C extends Column>(columns: readonly C[], text: string): C {
  const column = findColumn(columns, text)
  if (column) return column
  const names = columns.map(({ name }) => name)
  throw new UsageError('--sort', text, `a column: ${names.join(', ')}`, nearestColumn(names, text))
}

/** Finds a column by its name, with or without the unit, or by its heading. `undefined`: no such column. */
export function findColumn<C extends Column>(columns: readonly C[], text: string): C | undefined {
  const heading = columns.filter(({ isHidden }) => !isHidden).find((column) => asName(column.heading) === asName(text))
  return columns.find(({ name }) => name === text) ?? columns.find(({ name }) => withoutUnit(name) === text) ?? heading
}

function nearestColumn(names: readonly string[], text: string): string | null {
  return nearestName(asName(text), [...names, ...names.map(withoutUnit)])
}

/** `SYN RETR` may be typed as `syn-retr`. */
function asName(text: string): string {
  return text.toLowerCase().replaceAll(/[ -]/g, '_')
}

function withoutUnit(name: string): string {
  return name.replace(/_(ns|percent|per_second|count)$/, '')
}
