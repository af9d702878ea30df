import { DIMENSIONS } from '../group/dimensions.js'
import { planRanges, type WindowRange } from '../group/read-sums.js'
import { canUseSums } from '../group/sum-up.js'
import { coverPart, type IdRange, type TimedIds } from '../scan/plan-scan.js'
import { queries, selectAll } from '../scan/query-builder.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createWallClock } from '../scan/wall-clock.js'
import { readTimes } from './read-timeline.js'
import type { ReportTimes } from './report-data.js'

/** Intervals of the timeline of an endpoint: there are many endpoints in a page. */
const MAX_INTERVALS = 60
/** Windows that are read one by one; roll-ups of them where there are more, and so on. */
const MAX_RANGES = 512
/** Windows of a roll-up, or roll-ups of one of the level above */
const ROLLED_UP = 16
/** Windows differ in length a little: one may end an interval that is not quite as long. */
const NEARLY = 0.9

/** Stored sums with the time that they cover. */
export interface TimedRange extends WindowRange {
  /** Unix ns, without a gap to the range before: where a timeline shows them */
  readonly startNs: bigint
  readonly endNs: bigint
  /** Their attempts, and between which times these began: some of them long before `startNs` */
  readonly ids: TimedIds
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
  let longest = 1
  while (windowIds.length / longest > MAX_RANGES) longest *= ROLLED_UP
  return planTimedRanges(part, windowIds, longest)
}

/**
 * The sums that a range was rolled up from: of a sixteenth of its windows each, or of single windows.
 * @returns nothing for a single window
 */
export function splitRange(part: SessionPart, { first, last }: WindowRange): TimedRange[] {
  if (first === last) return []
  const windowIds = readWindows(part, { first, last }).map((window) => window.window_id)
  return planTimedRanges(part, windowIds, Math.max(1, Math.floor(windowIds.length / ROLLED_UP)))
}

function planTimedRanges(part: SessionPart, windowIds: readonly number[], longest: number): TimedRange[] {
  const [firstId, lastId] = [windowIds[0] ?? 0, windowIds.at(-1) ?? -1]
  const windows = readWindows(part, { first: firstId, last: lastId })
  const clock = createWallClock(part)
  let startNs: bigint | null = null
  let at = 0
  return planRanges(part.trace.db, windowIds, 'endpoint', longest).flatMap((range): TimedRange[] => {
    while (at < windows.length && (windows[at] as TimedWindow).window_id < range.first) at++
    const own: TimedWindow[] = []
    while (at < windows.length && (windows[at] as TimedWindow).window_id <= range.last) own.push(windows[at++]!)
    const [first, last] = [own[0], own.at(-1)]
    if (!first || !last) return []
    // An attempt that took long began long before its window: windows follow each other by their latest start.
    const from: bigint = startNs ?? clock.unixNs(first.min_started_ns)
    const endNs = clock.unixNs(last.max_started_ns) + 1n
    startNs = endNs
    return [{ ...range, startNs: from, endNs: endNs > from ? endNs : from + 1n, ids: joinIds(own) }]
  })
}

type TimedWindow = ReturnType<typeof readWindows>[number]

/** Windows in the order of their ids, which is that of their attempts. */
function readWindows({ trace, sessionId }: SessionPart, { first, last }: WindowRange) {
  const query = queries
    .selectFrom('latency_window')
    .select(['window_id', 'first_attempt_id', 'last_attempt_id', 'min_started_ns', 'max_started_ns'])
    .where('session_id', '=', sessionId)
    .where('window_id', '>=', first)
    .where('window_id', '<=', last)
    .orderBy('window_id')
  return selectAll(trace.db, query)
}

function joinIds(windows: readonly TimedWindow[]): TimedIds {
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Infinity)
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity)
  return {
    first: least(windows.map((window) => window.first_attempt_id)),
    last: most(windows.map((window) => window.last_attempt_id)),
    minNs: least(windows.map((window) => window.min_started_ns)),
    maxNs: most(windows.map((window) => window.max_started_ns)),
  }
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
