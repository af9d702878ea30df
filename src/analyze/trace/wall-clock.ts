import type { SessionPart } from './scope.js'
import { createSegmentIndex } from './segment-index.js'

/** When attempts of a part began, by the wall clock as it was then. */
export interface WallClock {
  /**
   * What tells which of two attempts of the part began first.
   * @param startedNs ns since the session began, inside the part
   * @returns ns by the wall clock since where the part's clock would have stood when the session began
   */
  relativeNs(startedNs: number): number
  /** Unix ns, exact */
  unixNs(startedNs: number): bigint
}

/** Hardly any session has its clock set: then time needs no lookup. */
export function createWallClock({ segments }: SessionPart): WallClock {
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
