import type { Value } from '../../result/result.js'
import { createLatencyReader } from '../../group/latencies.js'
import type { Group } from '../../group/sum-up.js'

/** Latencies that a p99 should be made of; of fewer it is but the highest of them. */
const ENOUGH = [100, 10, 1]

/** The endpoint with the highest p99, and what it was chosen from. */
export interface SlowestEndpoint {
  /** remote_address, remote_port */
  readonly key: readonly Value[]
  readonly p99Ns: number
  /** Its latencies */
  readonly count: number
  /** Only endpoints with at least as many took part: 100, or fewer where none has as many. */
  readonly minCount: number
  readonly endpoints: number
}

/**
 * @param countOf latencies of an endpoint
 * @returns `null` without a latency
 */
export function findSlowestEndpoint(
  endpoints: readonly Group[],
  countOf: (group: Group) => number,
): SlowestEndpoint | null {
  const most = endpoints.reduce((max, group) => Math.max(max, countOf(group)), 0)
  const minCount = ENOUGH.find((count) => count <= most)
  if (minCount === undefined) return null
  const enough = endpoints.filter((group) => countOf(group) >= minCount)
  const slowest = highestP99(enough)
  return (
    slowest && { ...slowest, count: countOf(slowest.group), key: slowest.group.key, minCount, endpoints: enough.length }
  )
}

/**
 * No p99 is above its maximum: the highest of these come first, and soon the others need not be looked at. Of most of them
 * it is enough to count the latencies that are as high as the best p99.
 */
function highestP99(groups: readonly Group[]): { group: Group; p99Ns: number } | null {
  const reader = createLatencyReader()
  const byMaximum = groups.toSorted((a, b) => (b.latencies.maxNs ?? 0) - (a.latencies.maxNs ?? 0))
  let best: { group: Group; p99Ns: number } | null = null
  for (const group of byMaximum) {
    if (best !== null && (group.latencies.maxNs ?? 0) <= best.p99Ns) break
    if (best !== null && !reader.mayExceed(group.latencies, 99, best.p99Ns)) continue
    const p99Ns = reader.percentile(group.latencies, 99) ?? 0
    if (best === null || p99Ns > best.p99Ns) best = { group, p99Ns }
  }
  return best
}
