import { roundSeconds, formatSeconds } from '../charts/format-seconds.js'
import { latencyEdges } from '../charts/latency-scale.js'
import { HEATMAP_MARGIN, renderHeatmap } from '../charts/render-heatmap.js'
import { formatTime } from '../../text/format-time.js'
import { ITSELF, rankRows } from '../query/rank-rows.js'
import type { ValueColumn } from '../result/result.js'
import { describeAccuracy, sumUp } from '../group/sum-up.js'
import { byInterval, countIntervals, listIntervals, type Interval } from '../group/intervals.js'
import { ATTEMPTS } from '../group/group-columns.js'
import { failedOf } from '../group/group-values.js'
import { createBandCounter, latencyRange } from '../group/latency-bands.js'
import { createLatencyReader } from '../group/latencies.js'
import { recordedRanges, type TimeRange } from '../scan/recorded-ranges.js'
import type { StoredQuery } from '../query/stored-query.js'

const MAX_BANDS = 20
const NS_PER_SECOND = 1_000_000_000n

/** Attempts of an interval in a band of latency; failures have no band. */
interface Cell {
  readonly startedNs: bigint
  readonly fromNs: number | null
  readonly toNs: number | null
  readonly attempts: number
}

const COLUMNS: readonly ValueColumn<Cell>[] = [
  { name: 'started_ns', heading: 'STARTED', kind: 'time', value: (row) => row.startedNs },
  { name: 'latency_from_ns', heading: 'FROM', kind: 'duration', value: (row) => row.fromNs },
  { name: 'latency_to_ns', heading: 'TO', kind: 'duration', value: (row) => row.toNs },
  ATTEMPTS,
]

/** An interval, and its attempts by band of latency. */
interface Slice {
  readonly second: number
  readonly counts: readonly number[]
  readonly failed: number
}

/** Draws a heatmap of latencies over time. */
export const heatmap: StoredQuery = {
  name: 'heatmap',
  description: 'chart of attempts by time and latency, as wide as the terminal, with failures below',
  example: 'tcpconn analyze heatmap tcpconn.db --port 443',
  columns: COLUMNS,
  tableRows: Infinity,
  run(scope, settings) {
    const ranges = recordedRanges(scope.parts)
    const seconds = intervalThatFits(ranges, settings.width - HEATMAP_MARGIN)
    const intervals = listIntervals(ranges, sumUp(scope, byInterval(seconds)), seconds)
    const { edges, slices } = sliceByLatency(intervals)
    const items = slices.flatMap((slice) => cellsOf(slice, edges))
    return {
      ...rankRows({ columns: COLUMNS, items, prepare: ITSELF }, settings),
      isChartOnly: true,
      notes: [describeAccuracy(scope)],
      chart: (width) =>
        renderHeatmap(
          {
            edges,
            columns: slices.map(({ counts }) => counts),
            failed: slices.map(({ failed }) => failed),
            ends: [timeOf(slices[0]), timeOf(slices.at(-1))],
            interval: formatSeconds(seconds),
          },
          width,
        ),
    }
  },
}

function timeOf(slice: Slice | undefined): string {
  return slice ? formatTime(BigInt(slice.second) * NS_PER_SECOND, 0) : ''
}

/**
 * The shortest round interval that gives at most `columns` intervals, but two are always allowed: a span that crosses a
 * boundary of each length has never fewer.
 */
function intervalThatFits(ranges: readonly TimeRange[], columns: number): number {
  const room = Math.max(2, columns)
  return roundSeconds((seconds) => countIntervals(ranges, seconds) <= room)
}

function sliceByLatency(intervals: readonly Interval[]): { edges: number[]; slices: Slice[] } {
  const reader = createLatencyReader()
  const groups = intervals.flatMap(({ group }) => group ?? [])
  const range = latencyRange(
    reader,
    groups.map(({ latencies }) => latencies),
  )
  const edges = range === null ? [] : latencyEdges(range.minNs, range.maxNs, MAX_BANDS)
  const countBands = createBandCounter(reader, edges)
  const slices = intervals.map(({ second, group }) => ({
    second,
    counts: group === null || range === null ? [] : countBands(group.latencies),
    failed: group === null ? 0 : failedOf(group),
  }))
  return { edges, slices }
}

/** Cells that contain attempts. */
function cellsOf({ second, counts, failed }: Slice, edges: readonly number[]): Cell[] {
  const startedNs = BigInt(second) * NS_PER_SECOND
  const cells = counts.map((attempts, band): Cell => {
    return { startedNs, fromNs: edges[band] as number, toNs: edges[band + 1] as number, attempts }
  })
  return [...cells, { startedNs, fromNs: null, toNs: null, attempts: failed }].filter(({ attempts }) => attempts > 0)
}
