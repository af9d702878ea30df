import { formatCount } from '../../../text/format-number.js'
import type { ReportData, ReportSide } from '../report-data.js'
import { element } from './element.js'
import { bandName, countStretch } from './heat-bands.js'
import type { Stretch, ViewState } from './view-state.js'

/** Attempts by latency: a table whose bars are of no importance to those who cannot see them. */
export function showDistribution({ edges, sides }: ReportData, number: number, state: ViewState): HTMLElement {
  const side = sides[number] as ReportSide
  const place = element('div')
  const draw = () => {
    const { endpoint, stretches } = state
    const chosen = side.endpoints.find(({ name }) => name === endpoint)
    const known = endpoint === null ? countStretch(side, stretches[number] as Stretch, edges.length - 1) : chosen?.bands
    const counts = known ?? []
    const all = counts.reduce((sum, count) => sum + count, 0)
    if (all === 0) return place.replaceChildren(element('p', {}, 'no attempt has a latency'))
    const [first, last] = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0)]
    const most = Math.max(...counts)
    const rows = counts.slice(first, last + 1).map((count, i) => {
      const bar = element('div', { class: 'bar', 'aria-hidden': 'true' })
      if (count > 0) bar.style.width = `max(1px, ${(100 * count) / most}%)`
      return element(
        'tr',
        {},
        element('th', { scope: 'row' }, bandName(edges, first + i)),
        element('td', { class: 'number' }, formatCount(count)),
        element('td', { class: 'number' }, `${((100 * count) / all).toFixed(1)}%`),
        element('td', { class: 'bars' }, bar),
      )
    })
    const titles = ['LATENCY', 'ATTEMPTS', 'SHARE', ''].map((title) => element('th', { scope: 'col' }, title))
    const time = endpoint === null ? 'in the time that the timeline shows' : 'in the whole time'
    place.replaceChildren(
      element('p', { class: 'note' }, `${formatCount(all)} attempts with a latency, ${time}`),
      element(
        'table',
        { class: 'distribution' },
        element('thead', {}, element('tr', {}, ...titles)),
        element('tbody', {}, ...rows),
      ),
    )
  }
  state.onChange(draw)
  draw()
  return place
}
