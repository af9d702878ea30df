import type { SessionPart } from './scope.js'
import { readBatchFacts, readDurationNs } from './batch-facts.js'

/** A half-open range of Unix time, in ns. */
export interface TimeRange {
  readonly fromNs: bigint
  readonly toNs: bigint
}

/**
 * The recorded times of the parts, limited to the selected time: ascending, without overlaps. A session without an end
 * counts up to its last write.
 */
export function recordedRanges(parts: readonly SessionPart[]): TimeRange[] {
  const ranges = parts.flatMap(rangesOf).toSorted((a, b) => (a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : 0))
  const merged: { fromNs: bigint; toNs: bigint }[] = []
  for (const range of ranges) {
    const last = merged.at(-1)
    if (last === undefined || range.fromNs > last.toNs) merged.push({ ...range })
    else if (range.toNs > last.toNs) last.toNs = range.toNs
  }
  return merged
}

function rangesOf({ trace, sessionId, segments }: SessionPart): TimeRange[] {
  const facts = readBatchFacts(trace.db, [sessionId])
  // An attempt may begin shortly before its session and end in it.
  const firstNs = Math.min(0, facts.firstStartedNs ?? 0)
  const endNs = Math.max(readDurationNs(trace.db, sessionId), (facts.lastStartedNs ?? -1) + 1)
  return segments.flatMap(({ fromNs, toNs, unixOffsetNs }) => {
    const [from, to] = [Math.max(fromNs, firstNs), Math.min(toNs, endNs)]
    return from < to ? [{ fromNs: unixOffsetNs + BigInt(from), toNs: unixOffsetNs + BigInt(to) }] : []
  })
}
