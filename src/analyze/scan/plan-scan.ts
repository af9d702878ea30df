import type { Database } from 'better-sqlite3'
import { createQuery, queries } from './query-builder.js'
import type { SessionPart } from './scope.js'
import { createSegmentIndex } from './segment-index.js'
import type { Window } from './trace.js'

/** Attempts by id, both ends included. Ids of a session are consecutive. */
export interface IdRange {
  readonly first: number
  readonly last: number
}

/** How to read a part: stored sums, and ids of the attempts to read. */
export interface Cover {
  /** Windows that are entirely in the part. */
  readonly windowIds: readonly number[]
  /** Other ids that may be in the part, ascending. The time of each attempt must be checked. */
  readonly ranges: readonly IdRange[]
}

/**
 * Plans the reading of a part. The cost depends on the size of the part, not of the file.
 * @param usesSums whether the sums of windows may replace their attempts
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

function idsOf({ first_attempt_id, last_attempt_id }: Window): IdRange {
  return { first: first_attempt_id, last: last_attempt_id }
}

const selectWindows = createQuery((sessionId: number) =>
  queries
    .selectFrom('latency_window')
    .select(['window_id', 'first_attempt_id', 'last_attempt_id', 'min_started_ns', 'max_started_ns'])
    .where('session_id', '=', sessionId)
    .orderBy('first_attempt_id'),
)

function readWindows({ trace, sessionId }: SessionPart): readonly Window[] {
  const known = trace.windows?.get(sessionId)
  if (known !== undefined) return known
  const windows = selectWindows(trace.db, sessionId)
  const ids = windows.map(({ window_id }) => window_id)
  const withSums = readIdsWithSums(trace.db, minOf(ids), -minOf(ids.map((id) => -id)))
  const read = windows.map((window) => Object.assign(window, { hasSums: withSums.has(window.window_id) }))
  trace.windows?.set(sessionId, read)
  return read
}

const selectSumsTable = createQuery(() =>
  queries.selectFrom('sqlite_schema').select('name').where('name', '=', 'window_sums'),
)

const selectIdsWithSums = createQuery((first: number, last: number) =>
  queries.selectFrom('window_sums').select('window_id').where('window_id', '>=', first).where('window_id', '<=', last),
)

/**
 * Ids of the windows from `first` to `last` that have sums, in one pass over the keys: to look up a single key, SQLite would
 * read whole blobs.
 */
function readIdsWithSums(db: Database, first: number, last: number): ReadonlySet<number> {
  // Traces of format version 1 have windows without sums.
  if (selectSumsTable(db).length === 0) return new Set()
  return new Set(selectIdsWithSums(db, first, last).map(({ window_id }) => window_id))
}

function minOf(numbers: readonly number[]): number {
  return numbers.reduce((min, number) => Math.min(min, number), Number.MAX_SAFE_INTEGER)
}

const selectBatches = createQuery((sessionId: number, first: number, last: number) =>
  queries
    .selectFrom('batch')
    .select(['first_attempt_id', 'attempt_count', 'min_started_ns', 'max_started_ns'])
    .where('session_id', '=', sessionId)
    .where('first_attempt_id', '>=', first)
    .where('first_attempt_id', '<=', last)
    .where('attempt_count', '>', 0)
    .orderBy('first_attempt_id'),
)

/** Batches that overlap the time of the part: a zone map instead of an index over time. */
function readBatches(part: SessionPart, time: PartTime, ids: IdRange): IdRange[] {
  const touched = readTimedBatches(part, ids).filter(({ minNs, maxNs }) => time.touches(minNs, maxNs))
  return touched.map(({ first, last }) => ({ first, last }))
}

/** Attempts by id, and between which times they began, in ns since the session began, both ends included. */
export interface TimedIds extends IdRange {
  readonly minNs: number
  readonly maxNs: number
}

/** The batches that begin in a range of ids of a session, in the order of ids. */
export function readTimedBatches({ trace, sessionId }: SessionPart, { first, last }: IdRange): TimedIds[] {
  return selectBatches(trace.db, sessionId, first, last).map((batch) => ({
    first: batch.first_attempt_id,
    last: batch.first_attempt_id + batch.attempt_count - 1,
    minNs: batch.min_started_ns ?? -Infinity,
    maxNs: batch.max_started_ns ?? Infinity,
  }))
}

/** Tests ranges in ns since the session began, both ends included, against the time of a part. Fastest in ascending order. */
export interface PartTime {
  /** Whether one segment contains the whole range. */
  holds(minNs: number, maxNs: number): boolean
  /** Whether a segment overlaps the range. */
  touches(minNs: number, maxNs: number): boolean
}

/** Its cost does not depend on the number of clock changes. */
export function createPartTime({ segments }: Pick<SessionPart, 'segments'>): PartTime {
  const indexOf = createSegmentIndex(segments)
  // Among the segments that end after `minNs`, the first one begins first.
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

/** Reads each attempt once: overlapping ranges, which only damaged files contain, would read it repeatedly. */
function joinRanges(ranges: readonly IdRange[]): IdRange[] {
  const joined: { first: number; last: number }[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = joined.at(-1)
    if (previous && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last)
    else joined.push({ ...range })
  }
  return joined
}
