import { roundSeconds } from '../charts/round-seconds.js'
import { formatSeconds } from '../charts/format-seconds.js'
import { latencyEdges } from '../charts/latency-scale.js'
import { HEATMAP_MARGIN, renderHeatmap } from '../charts/render-heatmap.js'
import { formatTime } from '../../show/format-time.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { byInterval } from '../sums/by-interval.js'
import { failedOf } from '../sums/group-values.js'
import { countIntervals, listIntervals, type Interval } from '../sums/intervals.js'
import { countBands, latencyRange } from '../sums/latency-bands.js'
import { createLatencyReader } from '../sums/latencies.js'
import { sumUp } from '../sums/sum-up.js'
import { recordedRanges, type TimeRange } from '../trace/recorded-ranges.js'
import type { StoredQuery } from './stored-query.js'

const MAX_BANDS = 20
const NS_PER_SECOND = 1_000_000_000n

const COLUMNS: readonly Column[] = [
  { name: 'started_ns', heading: 'STARTED', kind: 'time' },
  { name: 'latency_from_ns', heading: 'FROM', kind: 'duration' },
  { name: 'latency_to_ns', heading: 'TO', kind: 'duration' },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
]

/** An interval, and its attempts by band of latency. */
interface Slice {
  readonly second: number
  readonly counts: readonly number[]
  readonly failed: number
}

/** Time and latency as a picture. */
export const heatmap: StoredQuery = {
  name: 'heatmap',
  description: 'time and latency as a picture, shaded by attempts, as wide as the terminal, with failures below',
  example: 'tcpconn analyze heatmap tcpconn.db --port 443',
  columns: COLUMNS,
  tableRows: Infinity,
  run(scope, settings) {
    const ranges = recordedRanges(scope.parts)
    const seconds = intervalThatFits(ranges, settings.width - HEATMAP_MARGIN)
    const intervals = listIntervals(ranges, sumUp(scope, byInterval(seconds)), seconds)
    const { edges, slices } = sliceByLatency(intervals)
    const items = slices.flatMap((slice) => rowsOf(slice, edges))
    const ranked = rankRows({ columns: COLUMNS, items, compare: () => 0, toRow: (row) => row }, settings)
    return {
      columns: COLUMNS,
      ...ranked,
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

/** The shortest round interval of which there are at most `columns`; they never end where the span crosses one's edge. */
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
  const slices = intervals.map(({ second, group }) => ({
    second,
    counts: group === null || range === null ? [] : countBands(reader, group.latencies, edges),
    failed: group === null ? 0 : failedOf(group),
  }))
  return { edges, slices }
}

/** Cells with attempts in them. Failures have a row without latencies. */
function rowsOf({ second, counts, failed }: Slice, edges: readonly number[]): Row[] {
  const started = BigInt(second) * NS_PER_SECOND
  const cells = counts.flatMap((count, band): Row[] =>
    count > 0 ? [[started, edges[band] as number, edges[band + 1] as number, count]] : [],
  )
  return failed > 0 ? [...cells, [started, null, null, failed]] : cells
}
