import { attemptsOf } from '../group/group-values.js'
import type { Interval } from '../group/intervals.js'
import { clipSegments } from '../scan/clock-segments.js'
import type { TimeRange } from '../scan/recorded-ranges.js'
import type { Scope } from '../scan/scope.js'
import type { Timeline } from './read-timeline.js'

/** A scope of which less is covered, so that its attempts can be read one by one in a moment. */
export interface NarrowScope {
  readonly scope: Scope
  /** How many attempts it covers, about */
  readonly attempts: number
}

/** The last attempts of a scope without a gap between them, about `count` of them. */
export function takeLast(scope: Scope, timeline: Timeline, count: number): NarrowScope {
  const ranges: TimeRange[] = []
  let left = count
  for (const interval of timeline.intervals.toReversed()) {
    if (left <= 0) break
    const attempts = attemptsIn(interval)
    const share = Math.min(1, left / Math.max(1, attempts))
    ranges.push(rangeOf(timeline, interval, 1 - share, 1))
    left -= attempts * share
  }
  return { scope: narrow(scope, ranges.toReversed()), attempts: Math.round(count - Math.max(0, left)) }
}

/** About `count` attempts of a scope, in slices that are spread evenly over its time, the first at its beginning. */
export function takeSpread(scope: Scope, timeline: Timeline, count: number, slices: number): NarrowScope {
  const busy = timeline.intervals.filter((interval) => attemptsIn(interval) > 0)
  const ranges: TimeRange[] = []
  let taken = 0
  for (let slice = 0; slice < slices; slice++) {
    const [first, end] = [slice, slice + 1].map((at) => Math.floor((at * busy.length) / slices)) as [number, number]
    let left = count / slices
    for (const interval of busy.slice(first, end)) {
      if (left <= 0) break
      const share = Math.min(1, left / attemptsIn(interval))
      ranges.push(rangeOf(timeline, interval, 0, share))
      left -= attemptsIn(interval) * share
      taken += attemptsIn(interval) * share
    }
  }
  return { scope: narrow(scope, ranges), attempts: Math.round(taken) }
}

/**
 * What certainly holds the `count` slowest attempts: as many intervals, those with the highest latencies. An attempt of
 * another one has at least one in each of these that is as slow.
 */
export function takeSlowest(scope: Scope, timeline: Timeline, count: number): Scope {
  const maxOf = ({ group }: Interval) => group?.latencies.maxNs ?? -1
  const slowest = timeline.intervals.toSorted((a, b) => maxOf(b) - maxOf(a)).slice(0, count)
  const ranges = slowest.toSorted((a, b) => a.second - b.second).map((one) => rangeOf(timeline, one, 0, 1))
  const narrowed = narrow(scope, ranges)
  const last = slowest.length < count ? null : slowest.at(-1)?.group?.latencies.maxNs
  const minLatencyNs = Math.max(scope.filters.minLatencyNs, last ?? 0)
  return { ...narrowed, filters: { ...scope.filters, minLatencyNs } }
}

function attemptsIn({ group }: Interval): number {
  return group === null ? 0 : attemptsOf(group)
}

/** @param from, to shares of the interval */
function rangeOf({ seconds }: Timeline, { second }: Interval, from: number, to: number): TimeRange {
  const at = (share: number) => BigInt(second) * 1_000_000_000n + BigInt(Math.round(share * seconds * 1e9))
  return { fromNs: at(from), toNs: at(to) }
}

/** @param pieces ascending, without overlaps; neighbours become one, since each is looked for in all segments of a clock */
function narrow(scope: Scope, pieces: readonly TimeRange[]): Scope {
  const ranges: { fromNs: bigint; toNs: bigint }[] = []
  for (const { fromNs, toNs } of pieces) {
    const last = ranges.at(-1)
    if (last?.toNs === fromNs) last.toNs = toNs
    else ranges.push({ fromNs, toNs })
  }
  const parts = scope.parts.map((part) => {
    const segments = ranges.flatMap(({ fromNs, toNs }) => clipSegments(part.segments, fromNs, toNs))
    return { ...part, segments: segments.toSorted((a, b) => a.fromNs - b.fromNs) }
  })
  return { ...scope, parts }
}
