import { formatCount } from '../../../text/format-number.js'
import type { ReportData, ReportSide } from '../report-data.js'
import { BAND_HEIGHT, drawHeatmap, heatmapHeight } from './draw-heatmap.js'
import { element } from './element.js'
import { formatMoment } from './format-cell.js'
import { bandName, countStretch } from './heat-bands.js'
import { AXIS_WIDTH, PADDING_RIGHT } from './plot-chart.js'
import { onThemeChange, readTheme } from './theme.js'
import type { Stretch, ViewState } from './view-state.js'

const HINT = 'Point at a cell to read it. Colours are on a logarithmic scale.'

/** Attempts by time and latency as a picture: stronger colours where there are more. @param number of the side */
export function showHeatmap({ edges, sides }: ReportData, number: number, state: ViewState): HTMLElement {
  if (edges.length < 2) return element('p', {}, 'no attempt has a latency')
  const side = sides[number] as ReportSide
  const most = sides.flatMap(({ heatmap }) => heatmap.flat()).reduce((max, count) => Math.max(max, count), 1)
  const height = heatmapHeight(edges)
  const canvas = element('canvas', { role: 'img', class: 'heatmap' })
  const readout = element('p', { class: 'note readout' }, HINT)
  const place = element('div', {}, canvas, readout)
  const draw = () => {
    const stretch = state.stretches[number] as Stretch
    const width = Math.max(200, place.clientWidth)
    const scale = globalThis.devicePixelRatio || 1
    Object.assign(canvas, { width: width * scale, height: height * scale })
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` })
    canvas.setAttribute('aria-label', describeHeatmap(edges, side, stretch))
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    context.scale(scale, scale)
    drawHeatmap(context, { side, edges, stretch, most }, width, readTheme())
  }
  canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
    const [from, to] = state.stretches[number] as Stretch
    const second = from + ((offsetX - AXIS_WIDTH) / (canvas.clientWidth - AXIS_WIDTH - PADDING_RIGHT)) * (to - from)
    const band = edges.length - 2 - Math.floor(offsetY / BAND_HEIGHT)
    const at = side.times.starts.findLastIndex((start) => start <= second)
    const count = side.heatmap[at]?.[band] ?? 0
    const isOutside = at < 0 || band < 0 || second > to
    readout.textContent = isOutside
      ? HINT
      : `${formatMoment(side.times.starts[at] as number)}, ${bandName(edges, band)}: ${formatCount(count)} attempts`
  })
  state.onChange(draw)
  onThemeChange(draw)
  new ResizeObserver(draw).observe(place)
  return place
}

function describeHeatmap(edges: readonly number[], side: ReportSide, stretch: Stretch): string {
  const counts = countStretch(side, stretch, edges.length - 1)
  const band = counts.indexOf(Math.max(...counts))
  const all = counts.reduce((sum, count) => sum + count, 0)
  const most = `the most frequent latency is ${bandName(edges, band)}`
  return `Heatmap of ${formatCount(all)} attempts by time and latency; ${most}. The table of the distribution has the numbers.`
}
