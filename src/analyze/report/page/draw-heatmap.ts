import { formatDuration } from '../../../text/format-duration.js'
import type { ReportSide } from '../report-data.js'
import { formatMoment } from './format-cell.js'
import { stepOf } from './heat-bands.js'
import { AXIS_WIDTH, PADDING_RIGHT } from './plot-chart.js'
import { rampColour, type Theme } from './theme.js'
import type { Stretch } from './view-state.js'

/** In pixels. */
export const BAND_HEIGHT = 9
const MARK_HEIGHT = 20

/** What a heatmap shows. */
export interface DrawnHeatmap {
  readonly side: ReportSide
  /** Of the bands, in ns */
  readonly edges: readonly number[]
  readonly stretch: Stretch
  /** Attempts of the fullest cell of all sides, which has the last colour */
  readonly most: number
}

export function heatmapHeight(edges: readonly number[]): number {
  return (edges.length - 1) * BAND_HEIGHT + MARK_HEIGHT
}

/** Draws into a canvas that is `width` pixels wide and as high as `heatmapHeight` says. */
export function drawHeatmap(
  context: CanvasRenderingContext2D,
  heatmap: DrawnHeatmap,
  width: number,
  theme: Theme,
): void {
  const right = width - PADDING_RIGHT
  const bottom = (heatmap.edges.length - 1) * BAND_HEIGHT
  context.font = '11px system-ui, sans-serif'
  context.fillStyle = theme.text
  drawMarks(context, heatmap, right, bottom)
  context.beginPath()
  context.rect(AXIS_WIDTH, 0, right - AXIS_WIDTH, bottom)
  context.clip()
  drawCells(context, heatmap, right, theme)
}

function drawMarks(
  context: CanvasRenderingContext2D,
  { edges, stretch: [from, to] }: DrawnHeatmap,
  right: number,
  bottom: number,
): void {
  context.textBaseline = 'middle'
  context.textAlign = 'right'
  edges.forEach((edge, i) => {
    // Every second one has room. The texts of the ends stay inside.
    const y = Math.min(bottom - 5, Math.max(6, bottom - i * BAND_HEIGHT))
    if (i % 2 === 0) context.fillText(formatDuration(edge), AXIS_WIDTH - 6, y)
  })
  context.textBaseline = 'top'
  context.fillText(formatMoment(Math.round(to)), right, bottom + 5)
  context.textAlign = 'left'
  context.fillText(formatMoment(Math.round(from)), AXIS_WIDTH, bottom + 5)
}

function drawCells(
  context: CanvasRenderingContext2D,
  { side, edges, stretch: [from, to], most }: DrawnHeatmap,
  right: number,
  theme: Theme,
): void {
  const { starts } = side.times
  const step = Math.min(to - from, stepOf(starts))
  const xOf = (second: number) => AXIS_WIDTH + ((second - from) / (to - from)) * (right - AXIS_WIDTH)
  side.heatmap.forEach((counts, i) => {
    const start = starts[i] as number
    if (start > to || start + step < from) return
    // Neighbours touch: a gap would look like a time without attempts.
    const cellWidth = Math.max(1, xOf(start + step) - xOf(start) + 0.5)
    counts.forEach((count, band) => {
      if (count === 0) return
      context.fillStyle = rampColour(theme, Math.log1p(count) / Math.log1p(most))
      context.fillRect(xOf(start), (edges.length - 2 - band) * BAND_HEIGHT, cellWidth, BAND_HEIGHT)
    })
  })
}
