import type { TimedIds } from '../scan/plan-scan.js'
import type { SessionPart } from '../scan/scope.js'
import { createSegmentIndex } from '../scan/segment-index.js'
import { createWallClock } from '../scan/wall-clock.js'

/**
 * A bound of the starts of attempts by the wall clock, which may go back: as `WallClock.relativeNs`, times `direction`, they are
 * not less.
 */
export function createStartBound(
  part: Pick<SessionPart, 'segments'>,
  direction: 1 | -1,
): (ids: Pick<TimedIds, 'minNs' | 'maxNs'>) => number {
  const { segments } = part
  const { relativeNs } = createWallClock(part)
  const indexOf = createSegmentIndex(segments)
  return ({ minNs, maxNs }) => {
    let bound = Infinity
    for (let i = indexOf(minNs); i < segments.length; i++) {
      const { fromNs, toNs } = segments[i] as SessionPart['segments'][number]
      if (fromNs > maxNs) break
      const least = direction === 1 ? Math.max(fromNs, minNs) : Math.min(toNs - 1, maxNs)
      bound = Math.min(bound, direction * relativeNs(least))
    }
    return bound
  }
}
