import { renderSparklines, type Sparkline } from '../charts/render-sparklines.js'
import { formatSeconds } from '../charts/format-seconds.js'
import { UsageError } from '../../errors.js'
import { parseInterval } from '../options/parse-interval.js'
import type { Column, Row } from '../result/result.js'
import { foldRows } from '../result/fold-rows.js'
import { rankRows } from '../result/rank-rows.js'
import { formatDuration } from '../../show/format-duration.js'
import { formatCount } from '../../show/format-number.js'
import { formatTime } from '../../show/format-time.js'
import { describeAccuracy } from '../sums/accuracy.js'
import { byInterval } from '../sums/by-interval.js'
import { attemptsOf, failedOf, percentOf } from '../sums/group-values.js'
import { MAX_INTERVALS, countIntervals, listIntervals, type Interval } from '../sums/intervals.js'
import { createLatencyReader, type LatencyReader } from '../sums/latencies.js'
import { sumUp } from '../sums/sum-up.js'
import { recordedRanges, type TimeRange } from '../trace/recorded-ranges.js'
import type { StoredQuery } from './stored-query.js'

/** Intervals that people think in, in s. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
/** Intervals at most where they are chosen: 60, and one more since the first and the last are often cut. */
const MANY_INTERVALS = 61

const COLUMNS: readonly Column[] = [
  { name: 'started_ns', heading: 'STARTED', kind: 'time' },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'rate_per_second', heading: 'RATE', kind: 'rate', leaveOut: 2 },
  { name: 'failed', heading: 'FAILED', kind: 'count', isFailure: true, leaveOut: 1 },
  { name: 'failed_percent', heading: 'FAILED%', kind: 'percent', isFailure: true },
  { name: 'p50_ns', heading: 'P50', kind: 'duration' },
  { name: 'p99_ns', heading: 'P99', kind: 'duration' },
]
const [STARTED, ATTEMPTS, FAILED, P50, P99] = ['started_ns', 'attempts', 'failed', 'p50_ns', 'p99_ns'].map((name) =>
  COLUMNS.findIndex((column) => column.name === name),
) as [number, number, number, number, number]

/** How many attempts there were and how they went, one interval after the other. */
export const timeline: StoredQuery = {
  name: 'timeline',
  description: 'per interval of time: attempts, rate, failures, latency p50 and p99, with sparklines',
  example: 'tcpconn analyze timeline tcpconn.db --last 1h --interval 5m',
  options: [{ flags: '--interval <duration>', description: 'how long each is: 30s, 5m; 20 to 60 of them without it' }],
  columns: COLUMNS,
  tableRows: Infinity,
  run(scope, settings) {
    const ranges = recordedRanges(scope.parts)
    const seconds = intervalFor(ranges, settings.values.interval)
    const groups = sumUp(scope, byInterval(seconds))
    const reader = createLatencyReader()
    const rows = listIntervals(ranges, groups, seconds).map((interval) => rowOf(interval, seconds, reader))
    const ranked = rankRows({ columns: COLUMNS, items: rows, compare: () => 0, toRow: (row) => row }, settings)
    return {
      columns: COLUMNS,
      ...ranked,
      // In another order they are no runs.
      ...(settings.sort === null ? { shownRows: foldRows(ranked.rows, isEmpty, 'intervals without attempts') } : {}),
      notes: [`intervals of ${formatSeconds(seconds)}; ${describeAccuracy(scope)}`],
      chart: (width) => [...drawRows(rows, width), ''],
    }
  },
}

/** @throws UsageError for an interval that is none, and for one that makes too many rows */
function intervalFor(ranges: readonly TimeRange[], typed: string | undefined): number {
  if (typed === undefined) return STEPS.find((step) => countIntervals(ranges, step) <= MANY_INTERVALS) ?? 86_400
  const seconds = parseInterval(typed)
  if (countIntervals(ranges, seconds) <= MAX_INTERVALS) return seconds
  const limit = formatCount(MAX_INTERVALS)
  throw new UsageError('--interval', typed, `one that gives at most ${limit} rows, or --since and --until beside it`)
}

function rowOf({ second, group, recordedSeconds }: Interval, seconds: number, reader: LatencyReader): Row {
  const started = BigInt(second) * 1_000_000_000n
  // Where nothing was recorded there is no rate. The first and the last interval are often not whole ones; of moments
  // nothing can be said.
  const rate = (attempts: number) => (recordedSeconds > 0 ? attempts / Math.max(1, recordedSeconds) : null)
  if (group === null) return [started, 0, rate(0), 0, 0, null, null]
  const [attempts, failed] = [attemptsOf(group), failedOf(group)]
  const percentiles = reader.percentiles(group.latencies, [50, 99])
  return [started, attempts, rate(attempts) ?? attempts / seconds, failed, percentOf(failed, attempts), ...percentiles]
}

function isEmpty(row: Row): boolean {
  return row[ATTEMPTS] === 0
}

function drawRows(rows: readonly Row[], width: number): string[] {
  const line = (label: string, column: number, format: Sparkline['format']): Sparkline => {
    return { label, values: rows.map((row) => row[column] as number | null), format }
  }
  const lines = [
    line('attempts', ATTEMPTS, formatCount),
    line('failed', FAILED, formatCount),
    line('p50', P50, formatDuration),
    line('p99', P99, formatDuration),
  ]
  const [first, last] = [rows[0], rows.at(-1)]
  const timeOf = (row: Row | undefined) => (row ? formatTime(row[STARTED] as bigint, 0) : '')
  return renderSparklines(lines, [timeOf(first), timeOf(last)], width)
}
