import type { SessionPart } from './scope.js'
import { createSegmentIndex } from './segment-index.js'

/** Start times of attempts by the wall clock at that time. */
export interface WallClock {
  /**
   * A value that orders the attempts of the part by start.
   * @param startedNs ns since the session began, inside the part
   * @returns ns by the wall clock since the start of the session by the same clock
   */
  relativeNs(startedNs: number): number
  /** Unix ns, exact */
  unixNs(startedNs: number): bigint
}

/** Most sessions have one segment: times need no lookup. */
export function createWallClock({ segments }: Pick<SessionPart, 'segments'>): WallClock {
  const base = segments[0]?.unixOffsetNs ?? 0n
  if (segments.length <= 1)
    return { relativeNs: (startedNs) => startedNs, unixNs: (startedNs) => base + BigInt(startedNs) }
  const shiftsNs = segments.map(({ unixOffsetNs }) => Number(unixOffsetNs - base))
  const indexOf = createSegmentIndex(segments)
  return {
    relativeNs: (startedNs) => startedNs + (shiftsNs[indexOf(startedNs)] ?? 0),
    unixNs: (startedNs) => (segments[indexOf(startedNs)]?.unixOffsetNs ?? base) + BigInt(startedNs),
  }
}
