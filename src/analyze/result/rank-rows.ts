import type { QuerySettings } from '../queries/stored-query.js'
import { requireColumn } from './find-column.js'
import type { Column, Row, Value } from './result.js'

/** What rows are made of, before it is known which of them are shown. */
export interface Ranking<T> {
  readonly columns: readonly Column[]
  readonly items: readonly T[]
  /** The order without `--sort` */
  readonly compare: (a: T, b: T) => number
  readonly toRow: (item: T) => Row
}

/**
 * The rows that are shown, in their order. Without `--sort` only those are made at all.
 * @throws UsageError for a column that there is not
 */
export function rankRows<T>(
  { columns, items, compare, toRow }: Ranking<T>,
  { sort, limit }: Pick<QuerySettings, 'sort' | 'limit'>,
): { rows: Row[]; hiddenRows: number } {
  const hiddenRows = Math.max(0, items.length - limit)
  const position = sort === null ? -1 : columns.indexOf(requireColumn(columns, sort))
  const inOrder = items.toSorted(compare)
  if (position === -1) return { rows: inOrder.slice(0, limit).map(toRow), hiddenRows }
  const isText = columns[position]?.kind === 'text'
  const rows = inOrder.map(toRow).toSorted((a, b) => compareValues(a[position] ?? null, b[position] ?? null, isText))
  return { rows: rows.slice(0, limit), hiddenRows }
}

/** Texts ascending, numbers from the highest, what is missing last. */
function compareValues(a: Value, b: Value, isText: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  if (isText) return a < b ? -1 : a > b ? 1 : 0
  return a > b ? -1 : a < b ? 1 : 0
}
