import { latencyEdges } from '../charts/latency-scale.js'
import { renderHistogram, type Band } from '../charts/render-histogram.js'
import { NO_ATTEMPTS, type Column, type Result, type Row } from '../result/result.js'
import { rankRows } from '../result/rank-rows.js'
import { formatCount, formatPlural } from '../../show/format-number.js'
import { wrapLine } from '../../show/wrap-line.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { hasHosts, withHost } from '../sums/by-host.js'
import { BY_PROCESS, BY_SESSION, DIMENSION_NAMES, parseDimension } from '../sums/dimensions.js'
import type { Dimension } from '../sums/dimension.js'
import { attemptsOf, failedOf, percentOf } from '../sums/group-values.js'
import { countBands, latencyRange } from '../sums/latency-bands.js'
import { createLatencyReader, type LatencyReader } from '../sums/latencies.js'
import { sumUp, type Group } from '../sums/sum-up.js'
import type { Scope } from '../trace/scope.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const MAX_BANDS = 24

const COUNTS: readonly Column[] = [
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'failed', heading: 'FAILED', kind: 'count', isFailure: true, leaveOut: 2 },
  { name: 'failed_percent', heading: 'FAILED%', kind: 'percent', isFailure: true },
]
const PERCENTILES: readonly (readonly [percent: number, column: Column])[] = [
  // The nearest rank of 0 percent is the smallest value.
  [0, { name: 'min_ns', heading: 'MIN', kind: 'duration', leaveOut: 6 }],
  [50, { name: 'p50_ns', heading: 'P50', kind: 'duration' }],
  [75, { name: 'p75_ns', heading: 'P75', kind: 'duration', leaveOut: 1 }],
  [90, { name: 'p90_ns', heading: 'P90', kind: 'duration', leaveOut: 4 }],
  [95, { name: 'p95_ns', heading: 'P95', kind: 'duration', leaveOut: 2 }],
  [99, { name: 'p99_ns', heading: 'P99', kind: 'duration' }],
  [99.9, { name: 'p999_ns', heading: 'P99.9', kind: 'duration', leaveOut: 3 }],
]
const PERCENTILES_BY = PERCENTILES.filter(([percent]) => [50, 90, 99, 99.9].includes(percent))
const MAX: Column = { name: 'max_ns', heading: 'MAX', kind: 'duration', leaveOut: 5 }

/** Columns of a table by a dimension, which is as typed; of one row for everything without it. */
function columnsFor({ by }: QuerySettings['values']): Column[] {
  // Its percentiles alone fill a narrow terminal: counts are said above the histogram.
  if (by === undefined) return [...COUNTS.map(hidden), ...PERCENTILES.map(([, column]) => column), MAX]
  return columnsBy(parseDimension(by))
}

function columnsBy(dimension: Dimension): Column[] {
  return [...dimension.columns, ...COUNTS, ...PERCENTILES_BY.map(([, column]) => column), MAX]
}

function hidden(column: Column): Column {
  return { ...column, isHidden: true }
}

/** The distribution of latencies: of all attempts, or by what they have in common. */
export const latency: StoredQuery = {
  name: 'latency',
  description:
    'the distribution of latencies: percentiles up to p99.9 and a histogram, of all attempts or by a dimension',
  example: 'tcpconn analyze latency tcpconn.db --by subnet/16',
  options: [
    {
      flags: '--by <dimension>',
      description: `a row for each of: ${DIMENSION_NAMES}`,
      words: DIMENSION_NAMES.split(', '),
    },
  ],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    return settings.values.by === undefined ? ofAll(scope) : byDimension(scope, settings, settings.values.by)
  },
}

function ofAll(scope: Scope): Result {
  const reader = createLatencyReader()
  const groups = sumUp(scope, BY_SESSION)
  const bands = groups.flatMap((group) => bandsOf(group, reader))
  const row = groups.map((group) => rowOf(group, reader, PERCENTILES))[0] ?? rowOfNothing()
  return {
    columns: columnsFor({}),
    rows: [row],
    hiddenRows: 0,
    notes: [describeAccuracy(scope)],
    // A row of zeros says less.
    isChartOnly: row[0] === 0,
    chart: (width) =>
      row[0] === 0 ? [NO_ATTEMPTS] : [...wrapLine(describeCounts(row), width), ...drawBands(bands, width)],
  }
}

function byDimension(scope: Scope, settings: QuerySettings, by: string): Result {
  const reader = createLatencyReader()
  const parsed = parseDimension(by)
  const dimension = parsed === BY_PROCESS && hasHosts(scope) ? withHost(parsed) : parsed
  const columns = columnsBy(dimension)
  const items = sumUp(scope, dimension)
  const compare = (a: Group, b: Group) => attemptsOf(b) - attemptsOf(a)
  const toRow = (group: Group) => [...group.key, ...rowOf(group, reader, PERCENTILES_BY)]
  return {
    columns,
    ...rankRows({ columns, items, compare, toRow }, settings),
    notes: [describeAccuracy(scope, dimension)],
  }
}

function drawBands(bands: readonly Band[], width: number): string[] {
  return bands.length === 0 ? [''] : ['', ...renderHistogram(bands, width), '']
}

function rowOf(group: Group, reader: LatencyReader, percentiles: typeof PERCENTILES): Row {
  const [attempts, failed] = [attemptsOf(group), failedOf(group)]
  const values = reader.percentiles(
    group.latencies,
    percentiles.map(([percent]) => percent),
  )
  return [attempts, failed, percentOf(failed, attempts), ...values, group.latencies.maxNs]
}

function rowOfNothing(): Row {
  return [0, 0, 0, ...PERCENTILES.map(() => null), null]
}

function describeCounts([attempts, failed, percent]: Row): string {
  const share = Number(failed) > 0 ? `, ${formatCount(Number(failed))} failed (${Number(percent).toFixed(1)}%)` : ''
  return `${formatPlural(Number(attempts), 'attempt')}${share}`
}

function bandsOf({ latencies }: Group, reader: LatencyReader): Band[] {
  const range = latencyRange(reader, [latencies])
  if (range === null) return []
  const edges = latencyEdges(range.minNs, range.maxNs, MAX_BANDS)
  return countBands(reader, latencies, edges).map((count, band) => {
    return { fromNs: edges[band] as number, toNs: edges[band + 1] as number, count }
  })
}
