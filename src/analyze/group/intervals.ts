import type { TimeRange } from '../scan/recorded-ranges.js'
import type { Group } from './sum-up.js'
import type { Dimension } from './dimension.js'

const NS_PER_S = 1_000_000_000n
/** Intervals that are listed without an attempt in them. */
export const MAX_INTERVALS = 100_000

/** One interval of time. */
export interface Interval {
  /** Its first Unix second */
  readonly second: number
  /** `null` without attempts */
  readonly group: Group | null
  /** How much of it was recorded, in s */
  readonly recordedSeconds: number
}

/** Intervals from the beginning of some ranges to their end, gaps between them included; 0 without any. */
export function countIntervals(ranges: readonly TimeRange[], seconds: number): number {
  const span = spanInSeconds(ranges)
  if (span === null) return 0
  return (startOfInterval(span.last, seconds) - startOfInterval(span.first, seconds)) / seconds + 1
}

/**
 * Every interval from the beginning of some ranges to their end, and those of groups outside of them, ascending. Where
 * that would be more than `MAX_INTERVALS`, only those with attempts.
 * @param groups by `byInterval(seconds)`
 */
export function listIntervals(ranges: readonly TimeRange[], groups: readonly Group[], seconds: number): Interval[] {
  const bySecond = new Map(groups.map((group) => [Number(group.key[0]), group]))
  const starts = new Set(bySecond.keys())
  const span = spanInSeconds(ranges)
  if (span !== null && countIntervals(ranges, seconds) <= MAX_INTERVALS) {
    for (let start = startOfInterval(span.first, seconds); start <= span.last; start += seconds) starts.add(start)
  }
  const recorded = createOverlap(ranges)
  return [...starts]
    .toSorted((a, b) => a - b)
    .map((second) => {
      const recordedNs = recorded(BigInt(second) * NS_PER_S, BigInt(second + seconds) * NS_PER_S)
      return { second, group: bySecond.get(second) ?? null, recordedSeconds: Number(recordedNs) / 1e9 }
    })
}

/** The first and the last second that some ranges touch. */
function spanInSeconds(ranges: readonly TimeRange[]): { first: number; last: number } | null {
  const [first, last] = [ranges[0], ranges.at(-1)]
  if (first === undefined || last === undefined) return null
  return { first: floorSecond(first.fromNs), last: floorSecond(last.toNs - 1n) }
}

/** BigInt division rounds towards 0: times before 1970 would end up in the second after theirs. */
function floorSecond(unixNs: bigint): number {
  const second = Number(unixNs / NS_PER_S)
  return unixNs < 0n && unixNs % NS_PER_S !== 0n ? second - 1 : second
}

/** How much of an interval the ranges cover, in ns. Intervals have to come in order. */
function createOverlap(ranges: readonly TimeRange[]): (fromNs: bigint, toNs: bigint) => bigint {
  let next = 0
  return (fromNs, toNs) => {
    while ((ranges[next]?.toNs ?? toNs) <= fromNs) next++
    let sum = 0n
    for (let at = next; at < ranges.length; at++) {
      const range = ranges[at] as TimeRange
      if (range.fromNs >= toNs) break
      sum += (range.toNs < toNs ? range.toNs : toNs) - (range.fromNs > fromNs ? range.fromNs : fromNs)
    }
    return sum
  }
}

/** Intervals of Unix time by the second in which an attempt began; the key is the interval's first second. */
export function byInterval(seconds: number): Dimension {
  return {
    source: 'second',
    columns: [{ name: 'started_ns', heading: 'STARTED', kind: 'time' }],
    keys: () => (second) => [startOfInterval(second, seconds)],
  }
}

/** The first second of the interval that holds a Unix second. Intervals are aligned to Unix time. */
function startOfInterval(second: number, seconds: number): number {
  return Math.floor(second / seconds) * seconds
}
