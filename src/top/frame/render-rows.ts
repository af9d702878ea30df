import { sparkline } from '../../text/sparkline.js'
import type { TopDimension } from '../window/dimensions.js'
import { WINDOW_SECONDS } from '../window/attempt-window.js'
import { nameCell, type Line } from './line.js'
import { layOutColumns, type TableColumns } from './lay-out-columns.js'
import type { FullRow } from '../window/top-columns.js'

export interface RowsToShow {
  readonly dimension: TopDimension
  readonly total: FullRow
  readonly rows: readonly FullRow[]
  /** Attempts per second, by position of the row in `Grouped.rows`; of the total by -1 */
  readonly seconds: ReadonlyMap<number, ArrayLike<number>>
  /** Key of the selected row; `null`: no row is marked, and there is no margin for the mark */
  readonly selected: string | null
}

const MARK = '>'
const SPARKLINE = 'LAST MINUTE'

/** The headings, the total, and one line per row, at most `width` cells wide. */
export function renderRows(shown: RowsToShow, width: number): Line[] {
  const { dimension, total, rows, selected } = shown
  const margin = selected === null ? 0 : MARK.length
  const layout = layOutColumns(dimension.heading, [total, ...rows], width, margin)
  const mark = (isMarked: boolean) => (margin === 0 ? '' : isMarked ? MARK : ' ')
  return [
    [{ text: mark(false) + headings(dimension.heading, layout), style: 'heading' }],
    renderRow(total, layout, { shown, mark: mark(false) }),
    ...rows.map((row) => renderRow(row, layout, { shown, mark: mark(row.key === selected) })),
  ]
}

function headings(name: string, { nameWidth, columns, sparklineWidth }: TableColumns): string {
  const numbers = columns.map(({ column, cells }) => ` ${column.heading.padStart(cells)}`)
  return (
    nameCell(name, nameWidth) + numbers.join('') + (sparklineWidth > 0 ? ` ${SPARKLINE.slice(0, sparklineWidth)}` : '')
  )
}

function renderRow(
  row: FullRow,
  { nameWidth, columns, sparklineWidth }: TableColumns,
  { shown, mark }: { readonly shown: RowsToShow; readonly mark: string },
): Line {
  const name = mark + nameCell(row.label, nameWidth)
  const isMarked = mark === MARK
  const numbers = columns.map(({ column, cells }) => {
    const text = ` ${column.text(row).padStart(cells)}`
    return column.isFailure?.(row) ? ({ text, style: 'failure' } as const) : { text }
  })
  const values = shown.seconds.get(row.index) ?? []
  const drawn = sparklineWidth > 0 ? ` ${drawSeconds(values, sparklineWidth)}` : ''
  return [isMarked ? { text: name, style: 'heading' } : { text: name }, ...numbers, { text: drawn.trimEnd() }]
}

/** The seconds from right to left: the last second is always at the right end. */
function drawSeconds(values: ArrayLike<number>, width: number): string {
  const missing = WINDOW_SECONDS - values.length
  const minute = Array.from({ length: WINDOW_SECONDS }, (_, i) => values[i - missing] ?? 0)
  return sparkline(minute, Math.max(...minute), width)
}
