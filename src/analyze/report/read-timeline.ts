import { roundSeconds } from '../charts/format-seconds.js'
import { attemptsOf, failedOf } from '../group/group-values.js'
import { byInterval, countIntervals, listIntervals, type Interval } from '../group/intervals.js'
import { sumUp, type Group } from '../group/sum-up.js'
import type { LatencyReader } from '../group/latencies.js'
import type { BandCounter } from '../group/latency-bands.js'
import { recordedRanges } from '../scan/recorded-ranges.js'
import type { Scope } from '../scan/scope.js'
import { readBatchFacts } from '../scan/batch-facts.js'
import type { ReportSeries, ReportTimes } from './report-data.js'

/** Fine enough to zoom in; 30 kB of the page with the heatmap. */
const MAX_INTERVALS = 480
/** Fewer intervals of few attempts: a p99 needs about so many. */
const MIN_INTERVALS = 60
const ATTEMPTS_OF_INTERVAL = 200

/** The intervals of a scope, empty ones too, and how long they are. */
export interface Timeline {
  readonly seconds: number
  readonly intervals: readonly Interval[]
}

export function readTimeline(scope: Scope): Timeline {
  const seconds = chooseSeconds(
    scope,
    Math.min(MAX_INTERVALS, Math.max(MIN_INTERVALS, countRecorded(scope) / ATTEMPTS_OF_INTERVAL)),
  )
  const intervals = listIntervals(recordedRanges(scope.parts), sumUp(scope, byInterval(seconds)), seconds)
  // More are those of a damaged file: attempts outside of the time that was recorded.
  return { seconds, intervals: intervals.slice(0, 2 * MAX_INTERVALS) }
}

/** Attempts of whole sessions. */
function countRecorded({ parts }: Scope): number {
  return parts.reduce((sum, { trace, sessionId }) => sum + readBatchFacts(trace.db, [sessionId]).attempts, 0)
}

/** Intervals as a series has them, without their attempts. @param most how many, at most */
export function readTimes(scope: Scope, most: number): ReportTimes {
  return describeTimes(listIntervals(recordedRanges(scope.parts), [], chooseSeconds(scope, most)))
}

function chooseSeconds({ parts }: Scope, most: number): number {
  const ranges = recordedRanges(parts)
  return roundSeconds((seconds) => countIntervals(ranges, seconds) <= most)
}

export function describeTimes(intervals: readonly Interval[]): ReportTimes {
  return {
    starts: intervals.map(({ second }) => second),
    lengths: intervals.map(({ recordedSeconds }) => Number(recordedSeconds.toPrecision(4))),
  }
}

/** Some groups as a series, and their latencies by band. */
export interface BandedSeries {
  readonly series: ReportSeries
  /** Attempts of each band, per group; empty without an attempt */
  readonly bands: readonly (readonly number[])[]
}

/**
 * Describes groups one after the other, because a histogram that is read again is decoded again.
 * @param groups `null` where there was no attempt
 */
export function describeSeries(
  groups: readonly (Group | null)[],
  reader: LatencyReader,
  countBands: BandCounter | null,
): BandedSeries {
  const rows = groups.map((group) => {
    if (group === null) return { attempts: 0, failed: 0, p50: null, p99: null, bands: [] }
    const percentile = (percent: number) => roundLatency(reader.percentile(group.latencies, percent))
    const [p50, p99] = [percentile(50), percentile(99)]
    const bands = countBands === null ? [] : countBands(group.latencies)
    return { attempts: attemptsOf(group), failed: failedOf(group), p50, p99, bands }
  })
  const series = {
    attempts: rows.map((row) => row.attempts),
    failed: rows.map((row) => row.failed),
    p50: rows.map((row) => row.p50),
    p99: rows.map((row) => row.p99),
  }
  return { series, bands: rows.map((row) => row.bands) }
}

/** Percentiles of stored histograms are not more exact. */
function roundLatency(ns: number | null): number | null {
  return ns === null ? null : Number(ns.toPrecision(3))
}
