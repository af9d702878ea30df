import { formatPlural } from '../../../text/format-number.js'
import type { ReportTable } from '../report-data.js'
import { element } from './element.js'
import { formatCell } from './format-cell.js'

type Row = ReportTable['rows'][number]

/** What a click on a row does. */
export interface RowChoice {
  readonly nameOf: (position: number) => string
  readonly isChosen: (position: number) => boolean
  readonly choose: (position: number) => void
}

interface Order {
  readonly column: number
  readonly isDescending: boolean
}

/** A shown table. */
export interface ShownTable {
  readonly node: HTMLElement
  /** Marks the chosen row anew. */
  redraw(): void
}

/** A table that can be sorted by each column and searched. */
export function showTable(table: ReportTable, label: string, choice: RowChoice | null = null): ShownTable {
  if (table.rows.length === 0) return { node: element('p', {}, table.whenEmpty), redraw() {} }
  let order: Order | null = null
  let wanted = ''
  // Single attempts are looked for in logs.
  const decimals = table.id === 'slowest' ? 3 : 0
  const texts = table.rows.map((row) => table.columns.map(({ kind }, i) => formatCell(row[i] ?? null, kind, decimals)))
  const count = element('span', { 'aria-live': 'polite', class: 'count' })
  const body = element('tbody')
  const headings = table.columns.map(({ heading, kind }, column) => {
    const sort = () => {
      const isDescending = order?.column === column ? !order.isDescending : kind !== 'text'
      order = { column, isDescending }
      redraw()
    }
    return element(
      'th',
      { scope: 'col', class: kind === 'text' ? undefined : 'number' },
      element('button', { type: 'button', onclick: sort }, heading),
    )
  })
  const redraw = () => {
    const positions = table.rows
      .map((_, i) => i)
      .filter((i) => (texts[i] as string[]).some((text) => text.toLowerCase().includes(wanted)))
    const sorted = order === null ? positions : sortPositions(positions, table.rows, order)
    body.replaceChildren(...sorted.map((i) => showRow(table, texts[i] as string[], i, choice)))
    headings.forEach((heading, column) => heading.setAttribute('aria-sort', describeOrder(order, column)))
    const all = table.rows.length + table.hiddenRows
    count.textContent = `${positions.length} of ${all} ${all === 1 ? 'row' : 'rows'}`
  }
  const search = (event: Event) => {
    wanted = (event.target as HTMLInputElement).value.toLowerCase()
    redraw()
  }
  const input = element('input', {
    type: 'search',
    placeholder: 'Search',
    'aria-label': `Search ${label}`,
    oninput: search,
  })
  redraw()
  return {
    node: element(
      'div',
      {},
      element('div', { class: 'tools' }, input, count),
      element(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
        element('table', {}, element('thead', {}, element('tr', {}, ...headings)), body),
      ),
      ...(table.hiddenRows > 0 ? [element('p', { class: 'note' }, describeHidden(table.hiddenRows))] : []),
    ),
    redraw,
  }
}

function showRow(
  table: ReportTable,
  texts: readonly string[],
  position: number,
  choice: RowChoice | null,
): HTMLElement {
  const cells = table.columns.map(({ name, kind }, i) => {
    const text = texts[i] as string
    const isButton = choice !== null && i === 0
    const press = () => choice?.choose(position)
    const content = isButton
      ? element(
          'button',
          {
            type: 'button',
            'aria-pressed': String(choice.isChosen(position)),
            'aria-label': `Show only ${choice.nameOf(position)}`,
            onclick: press,
          },
          text,
        )
      : text
    return element('td', { class: kind !== 'text' ? 'number' : name === 'meaning' ? 'long' : undefined }, content)
  })
  return element('tr', { class: choice?.isChosen(position) ? 'chosen' : undefined }, ...cells)
}

function describeHidden(count: number): string {
  return `${formatPlural(count, 'more row')} ${count === 1 ? 'is' : 'are'} not in this page`
}

function describeOrder(order: Order | null, column: number): string {
  if (order?.column !== column) return 'none'
  return order.isDescending ? 'descending' : 'ascending'
}

/** Missing values come last in both orders. */
function sortPositions(positions: readonly number[], rows: readonly Row[], { column, isDescending }: Order): number[] {
  const sign = isDescending ? -1 : 1
  return positions.toSorted((a, b) => {
    const [left, right] = [rows[a]?.[column] ?? null, rows[b]?.[column] ?? null]
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
    if (typeof left === 'number' && typeof right === 'number') return sign * (left - right)
    return sign * String(left).localeCompare(String(right), 'en', { numeric: true })
  })
}
