import uPlot from 'uplot'
import { formatMoment } from './format-cell.js'
import { readTheme } from './theme.js'
import type { Chart, Shown } from './timeline-charts.js'
import type { Stretch, ViewState } from './view-state.js'

/** In pixels. */
export const CHART_HEIGHT = 130
/** Room for the texts of the vertical axis. */
export const AXIS_WIDTH = 72
/** Room for the half of the last mark's text. */
export const PADDING_RIGHT = 20

/** A chart and its data. */
export interface Plotted {
  readonly chart: Chart
  readonly shown: Shown
  /** The scale of values; `null`: as the values that are shown need it */
  readonly extent: readonly [lowest: number, highest: number] | null
}

function scaleOf({ chart, extent }: Plotted): uPlot.Scale {
  if (!chart.isLogarithmic) return { range: (_, __, top) => [0, extent?.[1] || top || 1] }
  return extent === null ? { distr: 3 } : { distr: 3, range: () => uPlot.rangeLog(...extent, 10, true) }
}

/** Draws a chart into `parent`. A drag zooms, a double click shows all. @param number of the side */
export function plotChart(plotted: Plotted, parent: HTMLElement, number: number, state: ViewState): uPlot {
  const { chart, shown } = plotted
  const { times, series } = shown
  const theme = readTheme()
  const [min, max] = state.stretches[number] as Stretch
  const axis = { stroke: theme.text, grid: { stroke: theme.grid, width: 1 }, ticks: { stroke: theme.grid, width: 1 } }
  const format = chart.lines[0]?.format ?? String
  const options: uPlot.Options = {
    width: Math.max(200, parent.clientWidth),
    height: CHART_HEIGHT,
    // Steps of days and months are those of UTC.
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), 'Etc/UTC'),
    cursor: { sync: { key: `side-${number}` }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { time: true, min, max }, y: scaleOf(plotted) },
    padding: [8, PADDING_RIGHT, 0, 0],
    axes: [
      { ...axis, values: (_, splits, __, ___, step) => splits.map((second) => shortMoment(second, step)) },
      {
        ...axis,
        size: AXIS_WIDTH,
        // Marks that are left out come as null, whatever the type says.
        values: (_, splits) => splits.map((value: number | null) => (value === null ? '' : format(value))),
        ...(chart.isLogarithmic
          ? { splits: (_: uPlot, __: number, low: number, high: number) => decades(low, high) }
          : {}),
      },
    ],
    series: [
      { label: 'time', value: (_, second) => (second == null ? '-' : formatMoment(second)) },
      ...chart.lines.map((line) => ({
        label: line.label,
        stroke: line.colour(theme),
        width: 1.5,
        ...(line.isDashed ? { dash: [5, 3] } : {}),
        ...(chart.isLogarithmic ? {} : { fill: `${line.colour(theme)}30` }),
        points: { show: false, filter: isolatedPoints },
        value: (_: uPlot, value: number | null) => (value == null ? '-' : line.format(value)),
      })),
    ],
    hooks: {
      setSelect: [
        (self) => {
          const { left, width } = self.select
          if (width > 2) state.zoom(number, [self.posToVal(left, 'x'), self.posToVal(left + width, 'x')])
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
    },
  }
  const made = new uPlot(options, [[...times.starts], ...chart.lines.map((line) => line.values(series, times))], parent)
  made.over.addEventListener('dblclick', () => state.zoom(number, null))
  return made
}

/** The positions of values without a neighbour: no line leads to them. */
function isolatedPoints({ data }: uPlot, line: number): number[] {
  const values = data[line] ?? []
  const isKnown = (i: number) => values[i] != null
  return Array.from(values, (_, i) => i).filter((i) => isKnown(i) && !isKnown(i - 1) && !isKnown(i + 1))
}

/** As much of a moment as differs between marks that are `step` seconds apart. */
function shortMoment(second: number, step: number): string {
  const text = formatMoment(Math.round(second))
  if (step >= 86_400) return text.slice(0, 10)
  return step >= 60 ? text.slice(11, 16) : text.slice(11, 19)
}

/** Powers of ten: marks of a logarithmic axis. */
function decades(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9)
  const count = Math.floor(Math.log10(high) + 1e-9) - first + 1
  return Array.from({ length: Math.max(0, count) }, (_, i) => 10 ** (first + i))
}
