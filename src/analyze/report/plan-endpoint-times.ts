import { DIMENSIONS } from '../group/dimensions.js'
import { planRanges, type WindowRange } from '../group/read-sums.js'
import { canUseSums } from '../group/sum-up.js'
import { coverPart, type IdRange } from '../scan/plan-scan.js'
import { queries, selectAll } from '../scan/query-builder.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createWallClock } from '../scan/wall-clock.js'
import { readTimes } from './read-timeline.js'
import type { ReportTimes } from './report-data.js'

/** Intervals of the timeline of an endpoint: there are many endpoints in a page. */
const MAX_INTERVALS = 60
/** Windows that are read one by one; roll-ups of 16 of them where there are more, and so on. */
const MAX_RANGES = 512
/** Windows differ in length a little: one may end an interval that is not quite as long. */
const NEARLY = 0.9

/** Stored sums with the time that they cover, in Unix ns. */
export interface TimedRange extends WindowRange {
  readonly startNs: bigint
  readonly endNs: bigint
}

/** How the attempts of a part are read by endpoint and time. */
export interface PartPlan {
  readonly part: SessionPart
  readonly ranges: readonly TimedRange[]
  /** Attempts that are read one by one */
  readonly ids: readonly IdRange[]
}

/** How a scope is read by endpoint and time. */
export interface EndpointPlan {
  readonly parts: readonly PartPlan[]
  readonly times: ReportTimes
  /** The interval of a moment in Unix seconds; the first or the last one for a moment outside of all */
  intervalAt(second: number): number
}

/** @param readsRows whether attempts are read one by one: then intervals need not be those of stored sums */
export function planEndpointTimes(scope: Scope, readsRows: boolean): EndpointPlan {
  const parts = scope.parts.map((part) => planPart(scope, part, readsRows))
  const ranges = parts.flatMap((plan) => plan.ranges)
  const times = ranges.length > 0 ? joinTimes(ranges) : readTimes(scope, MAX_INTERVALS)
  const starts = times.starts
  return {
    parts,
    times,
    intervalAt(second) {
      let at = 0
      while (at + 1 < starts.length && second >= (starts[at + 1] as number)) at++
      return at
    },
  }
}

function planPart(scope: Scope, part: SessionPart, readsRows: boolean): PartPlan {
  const cover = coverPart(part, !readsRows && canUseSums(scope, part, DIMENSIONS.endpoint))
  return { part, ranges: timeRanges(part, cover.windowIds), ids: cover.ranges }
}

function timeRanges(part: SessionPart, windowIds: readonly number[]): TimedRange[] {
  const { db } = part.trace
  let longest = 1
  while (windowIds.length / longest > MAX_RANGES) longest *= 16
  const query = queries
    .selectFrom('latency_window')
    .select(['window_id', 'min_started_ns', 'max_started_ns'])
    .where('session_id', '=', part.sessionId)
  const windows = new Map(selectAll(db, query).map((window) => [window.window_id, window]))
  const clock = createWallClock(part)
  let startNs: bigint | null = null
  return planRanges(db, windowIds, 'endpoint', longest).flatMap((range): TimedRange[] => {
    const [first, last] = [windows.get(range.first), windows.get(range.last)]
    if (!first || !last) return []
    // An attempt that took long began long before its window: windows follow each other by their latest start.
    const from: bigint = startNs ?? clock.unixNs(first.min_started_ns)
    const endNs = clock.unixNs(last.max_started_ns) + 1n
    startNs = endNs
    return [{ ...range, startNs: from, endNs: endNs > from ? endNs : from + 1n }]
  })
}

/** Intervals that begin and end where sums do, `MAX_INTERVALS` at most. */
function joinTimes(ranges: readonly TimedRange[]): ReportTimes {
  const ordered = ranges.toSorted((a, b) => (a.endNs < b.endNs ? -1 : 1))
  const lengths = ordered.map(lengthOf).toSorted((a, b) => a - b)
  const span = ordered.reduce((sum, range) => sum + lengthOf(range), 0)
  const least = Math.max(span / MAX_INTERVALS, NEARLY * (lengths[lengths.length >> 1] as number))
  const joined: { startNs: bigint; endNs: bigint }[] = []
  for (const { startNs, endNs } of ordered) {
    const open = joined.at(-1)
    if (open !== undefined && lengthOf(open) < least) open.endNs = endNs
    else joined.push({ startNs: open === undefined || startNs > open.endNs ? startNs : open.endNs, endNs })
  }
  return {
    starts: joined.map(({ startNs }) => secondsOf(startNs)),
    lengths: joined.map((one) => Number(lengthOf(one).toPrecision(4))),
  }
}

const lengthOf = ({ startNs, endNs }: Pick<TimedRange, 'startNs' | 'endNs'>) => Number(endNs - startNs) / 1e9

/** Unix seconds, to the ms. */
function secondsOf(unixNs: bigint): number {
  return Number(unixNs / 1_000_000n) / 1000
}
