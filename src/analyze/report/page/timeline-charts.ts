import { formatDuration } from '../../../text/format-duration.js'
import { formatCount } from '../../../text/format-number.js'
import type { ReportSeries, ReportSide, ReportTable, ReportTimes } from '../report-data.js'
import type { Theme } from './theme.js'

/** A line of a chart. */
interface Line {
  readonly label: string
  readonly colour: (theme: Theme) => string
  readonly isDashed?: boolean
  readonly values: (series: ReportSeries, times: ReportTimes) => (number | null)[]
  readonly format: (value: number) => string
}

/** A chart of the timeline. */
export interface Chart {
  readonly title: string
  readonly isLogarithmic?: boolean
  readonly lines: readonly Line[]
}

/** In one unit: the marks of an axis are compared. */
const formatPerSecond = (rate: number) => `${Number(rate.toPrecision(3))}/s`

const perSecond = (counts: readonly number[], { lengths }: ReportTimes) =>
  counts.map((count, i) => ((lengths[i] ?? 0) > 0 ? count / Math.max(1, lengths[i] as number) : null))

export const CHARTS: readonly Chart[] = [
  {
    title: 'Attempts per second',
    lines: [
      {
        label: 'attempts',
        colour: ({ attempts }) => attempts,
        values: ({ attempts }, times) => perSecond(attempts, times),
        format: formatPerSecond,
      },
    ],
  },
  {
    title: 'Failures per second',
    lines: [
      {
        label: 'failed',
        colour: ({ failed }) => failed,
        values: ({ failed }, times) => perSecond(failed, times),
        format: formatPerSecond,
      },
    ],
  },
  {
    title: 'Latency of connects',
    isLogarithmic: true,
    lines: [
      { label: 'p50', colour: ({ p50 }) => p50, values: ({ p50 }) => [...p50], format: formatDuration },
      { label: 'p99', colour: ({ p99 }) => p99, isDashed: true, values: ({ p99 }) => [...p99], format: formatDuration },
    ],
  },
]

/** What a timeline is drawn from. */
export interface Shown {
  readonly times: ReportTimes
  readonly series: ReportSeries
}

/** The series of all endpoints, or of the chosen one; `null` where the side does not know it. */
export function seriesOf(side: ReportSide, endpoint: string | null): Shown | null {
  if (endpoint === null) return { times: side.times, series: side.timeline }
  const series = side.endpoints.find(({ name }) => name === endpoint)
  return series === undefined ? null : { times: side.endpointTimes, series }
}

/** The lowest and the highest value of a chart of all sides, which are compared on the same scale; `null` without any. */
export function extentOf(
  chart: Chart,
  sides: readonly ReportSide[],
  endpoint: string | null,
): readonly [lowest: number, highest: number] | null {
  const shown = sides.flatMap((side) => seriesOf(side, endpoint) ?? [])
  const values = chart.lines.flatMap((line) => shown.flatMap(({ series, times }) => line.values(series, times)))
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : [Math.min(...known), Math.max(...known)]
}

/** The numbers of a timeline: what screen readers read. */
export function tabulate({ times, series }: Shown): ReportTable {
  const rows = times.starts.map((start, i) => {
    const of = (values: readonly (number | null)[]) => values[i] ?? null
    return [start * 1e6, of(series.attempts), of(series.failed), of(series.p50), of(series.p99)]
  })
  return {
    id: 'numbers',
    title: '',
    columns: [
      { name: 'started', heading: 'STARTED', kind: 'time' },
      { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
      { name: 'failed', heading: 'FAILED', kind: 'count' },
      { name: 'p50', heading: 'P50', kind: 'duration' },
      { name: 'p99', heading: 'P99', kind: 'duration' },
    ],
    rows: rows.filter(([, attempts]) => attempts !== 0),
    hiddenRows: 0,
    notes: [],
    whenEmpty: `no attempts in ${formatCount(rows.length)} intervals`,
  }
}
