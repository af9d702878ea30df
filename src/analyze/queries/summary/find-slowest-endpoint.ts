import type { Value } from '../../result/result.js'
import { createLatencyReader } from '../../group/latencies.js'
import type { Group } from '../../group/sum-up.js'

/** Minimum number of latencies for a p99: with fewer, the p99 is the maximum. */
const ENOUGH = [100, 10, 1]

/** The endpoint with the highest p99, and how it was selected. */
export interface SlowestEndpoint {
  /** remote_address, remote_port */
  readonly key: readonly Value[]
  readonly p99Ns: number
  /** Its latencies */
  readonly count: number
  /** Minimum number of latencies of a compared endpoint: 100, or fewer if no endpoint has as many. */
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
 * A p99 is never above the maximum. Endpoints are therefore visited by descending maximum, and the search ends early.
 * For most of them it is sufficient to count the latencies that reach the highest p99 so far.
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
