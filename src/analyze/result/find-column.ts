import { UsageError } from '../../errors.js'
import { nearestName } from '../../options/nearest-name.js'
import type { Column } from './result.js'

/**
 * The column that `--sort` names, with or without its unit.
 * @throws UsageError that suggests the nearest
 */
export function requireColumn(columns: readonly Column[], text: string): Column {
  const column = findColumn(columns, text)
  if (column) return column
  const names = columns.map(({ name }) => name)
  throw new UsageError('--sort', text, `a column: ${names.join(', ')}`, nearestColumn(names, text))
}

/** A column by its name, with or without its unit; `undefined` when there is none. */
export function findColumn(columns: readonly Column[], text: string): Column | undefined {
  return columns.find(({ name }) => name === text) ?? columns.find(({ name }) => withoutUnit(name) === text)
}

function nearestColumn(names: readonly string[], text: string): string | null {
  const typed = text.toLowerCase().replaceAll('-', '_')
  return nearestName(typed, [...names, ...names.map(withoutUnit)])
}

function withoutUnit(name: string): string {
  return name.replace(/_(ns|percent|per_second|count)$/, '')
}
