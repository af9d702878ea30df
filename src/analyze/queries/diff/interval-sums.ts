import { sql } from 'kysely'
import type { Value } from '../../result/result.js'
import { AT } from '../../scan/attempt-columns.js'
import { coverPart } from '../../scan/plan-scan.js'
import { queries, selectAll } from '../../scan/query-builder.js'
import type { Scope, SessionPart } from '../../scan/scope.js'
import { attemptsOf, failedOf } from '../../group/group-values.js'
import { createAccumulator } from '../../group/accumulator.js'
import type { Dimension } from '../../group/dimension.js'
import { cached, createNumbering } from '../../group/intern-keys.js'
import { readStoredSums } from '../../group/stored-sums.js'
import { sumUp, canUseSums, type Group } from '../../group/sum-up.js'
import { readDurationNs } from '../../scan/batch-facts.js'
import type { IntervalLatencies } from './compare-latencies.js'

/** The sums of one group in one interval. */
export interface IntervalSums {
  /** Number of the interval within its side */
  readonly interval: number
  readonly attempts: number
  readonly failed: number
  readonly latencies: IntervalLatencies
}

/** A side, divided into intervals, to estimate how much its groups vary without a change. */
export interface Intervals {
  /** Lengths of the intervals in ns */
  readonly lengths: readonly number[]
  /** By the text of a group's key; intervals without an attempt are left out. */
  readonly groups: ReadonlyMap<string, readonly IntervalSums[]>
}

/** Number of intervals of a side that has too few windows. */
const SLICES = 20
/**
 * Minimum number of windows of about a minute for using them as intervals. The second number applies where a scan would
 * take seconds.
 */
const MIN_WINDOWS = 10
const MIN_WINDOWS_OF_MANY = 4
const MANY_ATTEMPTS = 1e6

/** Identifies a group on both sides. An unknown value is not the text `null`. */
export function keyText(key: readonly Value[]): string {
  return JSON.stringify(key.map((value) => (value === null ? null : String(value))))
}

/** The start of the time that a part covers, in ns since its session began, and its length. */
export interface CoveredTime {
  readonly firstNs: number
  readonly lengthNs: number
}

/** The part of a session's recording that lies in the scope. A session without an end ends at its last write. */
export function coveredNs({ trace, sessionId, segments }: SessionPart): CoveredTime {
  const endNs = readDurationNs(trace.db, sessionId)
  const clipped = segments.map(({ fromNs, toNs }) => ({ from: Math.max(0, fromNs), to: Math.min(toNs, endNs) }))
  const lengthNs = clipped.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
  return { firstNs: clipped[0]?.from ?? 0, lengthNs: Math.max(1, lengthNs) }
}

/**
 * Divides a side into intervals: the stored windows, or equal intervals, for which every attempt of a short recording
 * is read.
 */
export function sumIntervals(scope: Scope, dimension: Dimension): Intervals {
  const lengths: number[] = []
  const groups = new Map<string, IntervalSums[]>()
  const add = (interval: number, sums: readonly Group[]) => {
    for (const group of sums) {
      const attempts = attemptsOf(group)
      if (attempts === 0) continue
      const text = keyText(group.key)
      const list = groups.get(text) ?? []
      if (list.length === 0) groups.set(text, list)
      list.push({ interval, attempts, failed: failedOf(group), latencies: group.latencies.buckets })
    }
  }
  const slices = Math.max(2, Math.ceil(SLICES / scope.parts.length))
  for (const part of scope.parts) {
    const windows = readWindows(scope, part, dimension)
    if (windows.length > 0) {
      for (const { windowId, lengthNs } of windows) {
        add(lengths.push(lengthNs) - 1, sumWindow(scope, part, dimension, windowId))
      }
      continue
    }
    const whole = coveredNs(part)
    const first = lengths.length
    for (let i = 0; i < slices; i++) lengths.push(whole.lengthNs / slices)
    for (const group of sumUp({ ...scope, parts: [part], isExact: false }, sliced(dimension, whole, slices))) {
      add(first + Number(group.key.at(-1)), [{ ...group, key: group.key.slice(0, -1) }])
    }
  }
  return { lengths, groups }
}

/**
 * Windows that lie completely in a part and have sums of the dimension, each with the time since the previous one; none
 * if there are too few.
 */
function readWindows(scope: Scope, part: SessionPart, dimension: Dimension) {
  const { windowIds } = coverPart(part, canUseSums({ ...scope, isExact: false }, part, dimension))
  const rows = selectAll(
    part.trace.db,
    queries
      .selectFrom('latency_window')
      .select(['window_id', 'min_started_ns', 'max_started_ns', 'first_attempt_id', 'last_attempt_id'])
      .where(sql<boolean>`window_id IN (SELECT value FROM json_each(${JSON.stringify(windowIds)}))`)
      .orderBy('max_started_ns'),
  )
  const attempts = rows.reduce((sum, row) => sum + row.last_attempt_id - row.first_attempt_id + 1, 0)
  if (rows.length < (attempts > MANY_ATTEMPTS ? MIN_WINDOWS_OF_MANY : MIN_WINDOWS)) return []
  return rows.map((row, i) => ({
    windowId: row.window_id,
    lengthNs: Math.max(1, row.max_started_ns - (rows[i - 1]?.max_started_ns ?? row.min_started_ns)),
  }))
}

function sumWindow(scope: Scope, part: SessionPart, dimension: Dimension, windowId: number): Group[] {
  const keys: (readonly Value[])[] = []
  const numberOf = createNumbering((key) => keys.push(key))
  const keyOf = dimension.keys(part)
  const sums = createAccumulator(false)
  const target = { groupOf: cached((id) => numberOf(keyOf(id))), sums, members: null }
  readStoredSums(scope, part, { dimension, windowIds: [windowId] }, target)
  return sums.finish().map((group, i) => Object.assign(group, { key: keys[i] as readonly Value[] }))
}

/** The dimension, with the interval in which an attempt began as the last value of the key. */
function sliced(dimension: Dimension, { firstNs, lengthNs }: CoveredTime, slices: number): Dimension {
  const column = dimension.source === 'endpoint' ? 'endpoint_id' : 'process_id'
  const sliceOf = (startedNs: number) => {
    return Math.min(slices - 1, Math.max(0, Math.floor(((startedNs - firstNs) / lengthNs) * slices)))
  }
  return {
    ...dimension,
    source: 'attempt',
    attempt: {
      columns: [column, 'started_ns'],
      // No row of a dictionary has the id 0. It stands for NULL here, because NaN would lose the interval.
      id: () => (row) => ((row[AT[column]] as number) || 0) * slices + sliceOf(row[AT.started_ns] as number),
    },
    keys(part) {
      const keyOf = dimension.keys(part)
      return (number) => [...keyOf(Math.floor(number / slices)), number % slices]
    },
  }
}
