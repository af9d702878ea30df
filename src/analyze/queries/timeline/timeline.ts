import { UsageError } from '../../../base/errors.js'
import { parseDuration } from '../../../options/parse-duration.js'
import { formatDuration } from '../../../text/format-duration.js'
import { formatCount } from '../../../text/format-number.js'
import { formatTime } from '../../../text/format-time.js'
import { formatSeconds } from '../../charts/format-seconds.js'
import { renderSparklines, type Sparkline } from '../../charts/render-sparklines.js'
import { ATTEMPTS, createGroupRow, FAILED, FAILED_PERCENT } from '../../group/group-columns.js'
import { byInterval, countIntervals, listIntervals, MAX_INTERVALS, type Interval } from '../../group/intervals.js'
import { describeAccuracy, sumUp } from '../../group/sum-up.js'
import { ITSELF, rankRows } from '../../query/rank-rows.js'
import type { StoredQuery } from '../../query/stored-query.js'
import type { ValueColumn } from '../../result/result.js'
import { recordedRanges, type TimeRange } from '../../scan/recorded-ranges.js'
import { foldRows } from './fold-rows.js'

/** Round intervals, in s. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
/**
 * Maximum number of intervals if --interval is not set: 60, and one more since the first and the last are often
 * partial.
 */
const MANY_INTERVALS = 61

/** An interval, and the results of its attempts. */
interface IntervalRow {
  readonly startedNs: bigint
  readonly attempts: number
  readonly failed: number
  /** Attempts per second; `null` if nothing was recorded */
  readonly rate: number | null
  /** `null` without a latency */
  readonly p50Ns: number | null
  readonly p99Ns: number | null
}

const COLUMNS: readonly ValueColumn<IntervalRow>[] = [
  { name: 'started_ns', heading: 'STARTED', kind: 'time', value: (row) => row.startedNs },
  ATTEMPTS,
  { name: 'rate_per_second', heading: 'RATE', kind: 'rate', leaveOut: 2, value: (row) => row.rate },
  { ...FAILED, leaveOut: 1 },
  FAILED_PERCENT,
  { name: 'p50_ns', heading: 'P50', kind: 'duration', value: (row) => row.p50Ns },
  { name: 'p99_ns', heading: 'P99', kind: 'duration', value: (row) => row.p99Ns },
]

/** Counts attempts, failures and latencies per interval. */
export const timeline: StoredQuery = {
  name: 'timeline',
  description: 'per time interval: attempts, rate, failures, latency p50 and p99, with sparklines',
  example: 'tcpconn analyze timeline tcpconn.db --last 1h --interval 5m',
  options: [
    {
      flags: '--interval <duration>',
      description: 'length of an interval: 30s, 5m (default: a length that gives about 20 to 60 intervals)',
    },
  ],
  columns: COLUMNS,
  tableRows: Infinity,
  run(scope, settings) {
    const ranges = recordedRanges(scope.parts)
    const seconds = intervalFor(ranges, settings.values.interval)
    const items = describeIntervals(listIntervals(ranges, sumUp(scope, byInterval(seconds)), seconds), seconds)
    const ranked = rankRows({ columns: COLUMNS, items, prepare: ITSELF }, settings)
    const isEmpty = (row: number) => items[row]?.attempts === 0
    return {
      ...ranked,
      // In another order, empty intervals are not consecutive.
      ...(settings.sort === null ? { shownRows: foldRows(ranked.rows, isEmpty, 'intervals without attempts') } : {}),
      notes: [`intervals of ${formatSeconds(seconds)}; ${describeAccuracy(scope)}`],
      chart: (width) => [...drawIntervals(items, width), ''],
    }
  },
}

/** @throws UsageError for an invalid interval, and for one that gives too many rows */
function intervalFor(ranges: readonly TimeRange[], typed: string | undefined): number {
  if (typed === undefined) return STEPS.find((step) => countIntervals(ranges, step) <= MANY_INTERVALS) ?? 86_400
  const seconds = parseInterval(typed)
  if (countIntervals(ranges, seconds) <= MAX_INTERVALS) return seconds
  const limit = formatCount(MAX_INTERVALS)
  throw new UsageError('--interval', typed, `one that gives at most ${limit} rows, or --since and --until beside it`)
}

/**
 * Whole seconds, because stored sums are by the second.
 * @throws UsageError
 */
function parseInterval(text: string): number {
  const seconds = (parseDuration(text) ?? 0) / 1e9
  if (seconds > 0 && Number.isInteger(seconds)) return seconds
  throw new UsageError('--interval', text, 'a duration of whole seconds like 30s, 5m or 1h')
}

function describeIntervals(intervals: readonly Interval[], seconds: number): IntervalRow[] {
  const rowOf = createGroupRow([])
  return intervals.map(({ second, group, recordedSeconds }) => {
    const startedNs = BigInt(second) * 1_000_000_000n
    // An interval without recorded time has no rate. The rate of a partly recorded interval uses the recorded seconds,
    // at least one.
    const rate = (attempts: number) => (recordedSeconds > 0 ? attempts / Math.max(1, recordedSeconds) : null)
    if (group === null) return { startedNs, attempts: 0, failed: 0, rate: rate(0), p50Ns: null, p99Ns: null }
    const { attempts, failed, percentile } = rowOf(group)
    const percentiles = { p50Ns: percentile(50), p99Ns: percentile(99) }
    return { startedNs, attempts, failed, rate: rate(attempts) ?? attempts / seconds, ...percentiles }
  })
}

function drawIntervals(rows: readonly IntervalRow[], width: number): string[] {
  const line = (label: string, valueOf: (row: IntervalRow) => number | null, format: Sparkline['format']) => {
    return { label, values: rows.map(valueOf), format }
  }
  const lines = [
    line('attempts', ({ attempts }) => attempts, formatCount),
    line('failed', ({ failed }) => failed, formatCount),
    line('p50', ({ p50Ns }) => p50Ns, formatDuration),
    line('p99', ({ p99Ns }) => p99Ns, formatDuration),
  ]
  const timeOf = (row: IntervalRow | undefined) => (row ? formatTime(row.startedNs, 0) : '')
  return renderSparklines(lines, [timeOf(rows[0]), timeOf(rows.at(-1))], width)
}
