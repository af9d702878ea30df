import type { Database } from 'better-sqlite3'
import { queries, selectAll } from './query-builder.js'
import type { SessionPart } from './scope.js'
import { createSegmentIndex } from './segment-index.js'

/** Attempts by id, both ends included. Ids of a session are consecutive. */
export interface IdRange {
  readonly first: number
  readonly last: number
}

/** How the attempts of a part are found: sums that are there already, and the attempts that have to be looked at. */
export interface Cover {
  /** Windows that lie in the part as a whole. */
  readonly windowIds: readonly number[]
  /** Everything else that may be in the part, ascending; each attempt's time is to be checked. */
  readonly ranges: readonly IdRange[]
}

/**
 * Finds a part's attempts. Costs what the part holds, not what the file holds.
 * @param usesSums whether windows may stand for their attempts
 */
export function coverPart(part: SessionPart, usesSums: boolean): Cover {
  const windows = readWindows(part)
  const time = createPartTime(part)
  const isWhole = (window: Window) =>
    usesSums && window.hasSums && time.holds(window.min_started_ns, window.max_started_ns)
  const isTouched = (window: Window) => time.touches(window.min_started_ns, window.max_started_ns)
  const whole = windows.filter(isWhole)
  const partial = windows.filter((window) => !isWhole(window) && isTouched(window))
  const afterWindows = (windows.at(-1)?.last_attempt_id ?? -1) + 1
  const ranges = [
    ...joinRanges(partial.map(idsOf)).flatMap(({ first, last }) => readBatches(part, time, { first, last })),
    ...readBatches(part, time, { first: afterWindows, last: Number.MAX_SAFE_INTEGER }),
  ]
  return { windowIds: whole.map((window) => window.window_id), ranges: joinRanges(ranges) }
}

type Window = ReturnType<typeof readWindows>[number]

function idsOf({ first_attempt_id, last_attempt_id }: Window): IdRange {
  return { first: first_attempt_id, last: last_attempt_id }
}

function readWindows({ trace, sessionId }: SessionPart) {
  const query = queries
    .selectFrom('latency_window')
    .select(['window_id', 'first_attempt_id', 'last_attempt_id', 'min_started_ns', 'max_started_ns'])
    .where('session_id', '=', sessionId)
    .orderBy('first_attempt_id')
  const windows = selectAll(trace.db, query)
  const ids = windows.map(({ window_id }) => window_id)
  const withSums = readIdsWithSums(trace.db, minOf(ids), -minOf(ids.map((id) => -id)))
  return windows.map((window) => Object.assign(window, { hasSums: withSums.has(window.window_id) }))
}

/**
 * Ids of the windows from `first` to `last` that have sums. In one pass over their keys: to look a window up, SQLite reads
 * whole blobs to compare keys.
 */
function readIdsWithSums(db: Database, first: number, last: number): ReadonlySet<number> {
  // Traces of the first version have windows without sums.
  const tables = queries.selectFrom('sqlite_schema').select('name').where('name', '=', 'window_sums')
  if (selectAll(db, tables).length === 0) return new Set()
  const query = queries
    .selectFrom('window_sums')
    .select('window_id')
    .where('window_id', '>=', first)
    .where('window_id', '<=', last)
  return new Set(selectAll(db, query).map(({ window_id }) => window_id))
}

function minOf(numbers: readonly number[]): number {
  return numbers.reduce((min, number) => Math.min(min, number), Number.MAX_SAFE_INTEGER)
}

/** Batches that touch the part's time: a zone map instead of an index over time. */
function readBatches({ trace, sessionId }: SessionPart, time: PartTime, { first, last }: IdRange): IdRange[] {
  const query = queries
    .selectFrom('batch')
    .select(['first_attempt_id', 'attempt_count', 'min_started_ns', 'max_started_ns'])
    .where('session_id', '=', sessionId)
    .where('first_attempt_id', '>=', first)
    .where('first_attempt_id', '<=', last)
    .where('attempt_count', '>', 0)
    .orderBy('first_attempt_id')
  const touched = selectAll(trace.db, query).filter((batch) =>
    time.touches(batch.min_started_ns ?? -Infinity, batch.max_started_ns ?? Infinity),
  )
  return touched.map((batch) => ({
    first: batch.first_attempt_id,
    last: batch.first_attempt_id + batch.attempt_count - 1,
  }))
}

/** The time of a part as a test of ranges in ns since the session began, both ends included. Ascending ranges are fastest. */
export interface PartTime {
  /** Whether one segment holds all of the range. */
  holds(minNs: number, maxNs: number): boolean
  /** Whether any segment holds some of it. */
  touches(minNs: number, maxNs: number): boolean
}

/** Takes no longer where a clock was set a hundred thousand times. */
export function createPartTime({ segments }: Pick<SessionPart, 'segments'>): PartTime {
  const indexOf = createSegmentIndex(segments)
  // Of all segments that end after `minNs` the first one begins first.
  const at = (minNs: number) => segments[indexOf(minNs)] ?? { fromNs: Infinity, toNs: -Infinity }
  return {
    holds(minNs, maxNs) {
      const { fromNs, toNs } = at(minNs)
      return fromNs <= minNs && maxNs < toNs
    },
    touches(minNs, maxNs) {
      const { fromNs, toNs } = at(minNs)
      return minNs < toNs && maxNs >= fromNs
    },
  }
}

/** Each attempt once: ranges that overlap, as only a damaged file has them, would have it looked at again and again. */
function joinRanges(ranges: readonly IdRange[]): IdRange[] {
  const joined: { first: number; last: number }[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = joined.at(-1)
    if (previous && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last)
    else joined.push({ ...range })
  }
  return joined
}
