import { safeText } from '../../text/safe-text.js'
import type { Grouped, TopRow } from './group-window.js'
import { NO_LATENCIES, rowLatencies } from './row-latencies.js'
import { isLatencyColumn, TOP_COLUMNS, type FullRow, type TopColumn } from './top-columns.js'

/** What orders the rows. */
export interface Order {
  /** Position in `TOP_COLUMNS`; -1: the name */
  readonly column: number
  readonly isDescending: boolean
}

/** Rows whose name contains `filter`, in order. */
export function rankWindow(grouped: Grouped, filter: string, { column, isDescending }: Order): TopRow[] {
  const wanted = filter.toLowerCase()
  const isShown = ({ label }: TopRow) => safeText(label).toLowerCase().includes(wanted)
  const rows = wanted === '' ? [...grouped.rows] : grouped.rows.filter(isShown)
  const by = TOP_COLUMNS[column]
  const sign = isDescending ? -1 : 1
  if (by === undefined) return rows.toSorted((a, b) => sign * BY_NAME.compare(a.label, b.label) || compareKeys(a, b))
  const values = readValues(grouped, rows, by)
  return rows.toSorted((a, b) => {
    const [left, right] = [values[a.index] as number, values[b.index] as number]
    if (left === right) return compareKeys(a, b)
    // NaN: no value
    if (!(left >= 0)) return right >= 0 ? 1 : compareKeys(a, b)
    return right >= 0 ? sign * (left - right) : -1
  })
}

/** Rows with their percentiles, which take a look at every attempt of the window. */
export function withLatencies(grouped: Grouped, rows: readonly TopRow[]): FullRow[] {
  const latencies = rowLatencies(grouped, rows)
  return rows.map((row) => ({ ...row, ...(latencies.get(row.index) ?? NO_LATENCIES) }))
}

/** Values of a column by `index` of a row; NaN: none. Percentiles are computed only for a column of them. */
function readValues(grouped: Grouped, rows: readonly TopRow[], column: TopColumn): Float64Array {
  const values = new Float64Array(grouped.rows.length).fill(NaN)
  const latencies = isLatencyColumn(column) ? rowLatencies(grouped, rows) : null
  for (const row of rows) values[row.index] = column.value(row, latencies?.get(row.index) ?? NO_LATENCIES) ?? NaN
  return values
}

/** Cheap: thousands of rows may have equal values. */
function compareKeys(a: TopRow, b: TopRow): number {
  return a.key < b.key ? -1 : 1
}

/** Numbers in names by their value: port 80 before 443. */
const BY_NAME = new Intl.Collator('en', { numeric: true })
