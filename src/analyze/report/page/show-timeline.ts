import type uPlot from 'uplot'
import type { ReportData, ReportSide } from '../report-data.js'
import { element, foldable } from './element.js'
import { CHART_HEIGHT, plotChart } from './plot-chart.js'
import { showTable } from './show-table.js'
import { onThemeChange } from './theme.js'
import { CHARTS, extentOf, seriesOf, tabulate } from './timeline-charts.js'
import type { Stretch, ViewState } from './view-state.js'
import { zoomButtons, zoomByKey } from './zoom-controls.js'

/**
 * Attempts, failures and latency over time, with zoom.
 * @param number of the side
 */
export function showTimeline({ sides }: ReportData, number: number, state: ViewState): HTMLElement {
  const side = sides[number] as ReportSide
  const plots: uPlot[] = []
  const charts = element('div', {
    class: 'charts',
    tabindex: 0,
    role: 'group',
    'aria-label': `Timeline of ${side.name}. Keys: plus and minus zoom, arrows move, 0 shows all. The numbers are in a table below.`,
    onkeydown: (event) => zoomByKey(event as KeyboardEvent, number, state),
  })
  const numbers = element('div')
  const draw = () => {
    for (const plot of plots.splice(0)) plot.destroy()
    charts.replaceChildren()
    const shown = seriesOf(side, state.endpoint)
    if (shown === null)
      return charts.append(element('p', {}, `no attempts to ${state.endpoint} among the endpoints of this page`))
    for (const chart of CHARTS) {
      const figure = element('figure', {}, element('figcaption', {}, chart.title))
      charts.append(figure)
      const extent = sides.length > 1 ? extentOf(chart, sides, state.endpoint) : null
      plots.push(plotChart({ chart, shown, extent }, figure, number, state))
    }
    numbers.replaceChildren(showTable(tabulate(shown), `Numbers of the timeline of ${side.name}`).node)
  }
  let drawn = ''
  state.onChange(() => {
    if (drawn !== String(state.endpoint)) draw()
    drawn = String(state.endpoint)
    const [min, max] = state.stretches[number] as Stretch
    for (const one of plots) one.setScale('x', { min, max })
  })
  drawn = String(state.endpoint)
  const watcher = new ResizeObserver(() => {
    for (const one of plots) one.setSize({ width: charts.clientWidth, height: CHART_HEIGHT })
  })
  requestAnimationFrame(() => {
    draw()
    watcher.observe(charts)
  })
  onThemeChange(draw)
  return element('div', {}, zoomButtons(number, state), charts, foldable('Numbers of the timeline', numbers))
}
