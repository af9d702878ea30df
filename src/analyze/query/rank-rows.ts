import type { QuerySettings } from './stored-query.js'
import { requireColumn } from '../result/find-column.js'
import type { Result, Row, Value, ValueColumn } from '../result/result.js'

/** The items of all rows, before the shown rows are selected. */
export interface Ranking<Item, Subject = Item> {
  readonly columns: readonly ValueColumn<Subject>[]
  readonly items: readonly Item[]
  /** The order without `--sort`; default: the order of the items. */
  readonly compare?: ((a: Item, b: Item) => number) | undefined
  /** A unique key, which orders items that are equal by `compare`. Default: the order of the items. */
  readonly keyOf?: (item: Item) => readonly Value[]
  /**
   * Converts an item to the subject that columns read.
   * @param shown the items to convert, once each: the shown ones, or all of them with `--sort`
   */
  readonly prepare: (shown: readonly Item[]) => (item: Item) => Subject
}

/** `prepare` for columns that read the items. */
export const ITSELF =
  () =>
  <Item>(item: Item): Item =>
    item

/**
 * Returns the shown rows in order. Without `--sort` it creates no other rows.
 * @throws UsageError for an unknown column
 */
export function rankRows<Item, Subject>(
  { columns, items, compare, keyOf, prepare }: Ranking<Item, Subject>,
  { sort, limit }: Pick<QuerySettings, 'sort' | 'limit'>,
): Pick<Result, 'columns' | 'rows' | 'hiddenRows'> {
  const sorted = sort === null ? null : requireColumn(columns, sort)
  const inOrder = compare ? items.toSorted(compare) : [...items]
  if (compare && keyOf) orderTies(inOrder, compare, keyOf, sorted ? Infinity : limit)
  const shown = sorted ? inOrder : inOrder.slice(0, limit)
  const subjectOf = prepare(shown)
  const rows = shown.map((item): Row => {
    const subject = subjectOf(item)
    return columns.map(({ value }) => value(subject))
  })
  return {
    columns,
    rows: sorted ? sortRows(rows, columns.indexOf(sorted), sorted.kind === 'text').slice(0, limit) : rows,
    hiddenRows: Math.max(0, items.length - limit),
  }
}

function sortRows(rows: readonly Row[], position: number, isText: boolean): Row[] {
  return rows.toSorted((a, b) => compareValues(a[position] ?? null, b[position] ?? null, isText))
}

/** Orders equal items by their keys, but only where some of them are among the first `limit`: many items are equal. */
function orderTies<T>(
  items: T[],
  compare: (a: T, b: T) => number,
  keyOf: (item: T) => readonly Value[],
  limit: number,
): void {
  for (let first = 0, end = 1; first < Math.min(limit, items.length); first = end++) {
    while (end < items.length && compare(items[first] as T, items[end] as T) === 0) end++
    if (end === first + 1) continue
    const tied = items.slice(first, end).toSorted((a, b) => compareKeys(keyOf(a), keyOf(b)))
    for (let i = 0; i < tied.length; i++) items[first + i] = tied[i] as T
  }
}

/** Texts ascending, numbers descending, NULL last. */
function compareValues(a: Value, b: Value, isText: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  if (isText) return a < b ? -1 : a > b ? 1 : 0
  return a > b ? -1 : a < b ? 1 : 0
}

/** Compares keys value by value: ascending, texts by UTF-16 code unit, NULL last. */
export function compareKeys(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i] ?? null, b[i] ?? null]
    if (left === right) continue
    if (left === null) return 1
    if (right === null) return -1
    return left < right ? -1 : 1
  }
  return 0
}
