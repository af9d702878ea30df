import type { SessionPart } from '../../scan/scope.js'
import { createWallClock } from '../../scan/wall-clock.js'

/** First and last start of groups of attempts within one part, by the wall clock. */
export interface FailureSpans {
  /** @param startedNs ns since the session began, inside the part */
  note(group: number, startedNs: number): void
  /** Passes each group with the Unix ns of its first and its last start. */
  forEach(take: (group: number, firstNs: bigint, lastNs: bigint) => void): void
}

export function createFailureSpans(part: SessionPart): FailureSpans {
  const { relativeNs } = createWallClock(part)
  const beginNs = part.segments[0]?.unixOffsetNs ?? 0n
  const spans: { first: number; last: number }[] = []
  return {
    note(group, startedNs) {
      const at = relativeNs(startedNs)
      const span = spans[group]
      if (span === undefined) spans[group] = { first: at, last: at }
      else if (at < span.first) span.first = at
      else if (at > span.last) span.last = at
    },
    forEach: (take) =>
      spans.forEach(({ first, last }, group) => take(group, beginNs + BigInt(first), beginNs + BigInt(last))),
  }
}

/** Widens the time between the first and the last start. */
export function widenTimes(
  times: { firstNs: bigint | null; lastNs: bigint | null },
  firstNs: bigint,
  lastNs: bigint,
): void {
  if (times.firstNs === null || firstNs < times.firstNs) times.firstNs = firstNs
  if (times.lastNs === null || lastNs > times.lastNs) times.lastNs = lastNs
}
