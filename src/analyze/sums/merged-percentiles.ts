import { nearestRank } from '../../store/latency-histogram.js'
import type { Latencies, LatencyReader } from './latencies.js'

/** Percentiles in ns of the latencies of several groups together, nearest rank, each `null` without a value. */
export function mergedPercentiles(
  reader: LatencyReader,
  groups: readonly Latencies[],
  percents: readonly number[],
): (number | null)[] {
  const lists = groups.flatMap(({ values }) => (values === null ? [] : [values]))
  if (lists.length > 0) return percents.map((percent) => percentileOfLists(lists, percent))
  const buckets = groups.flatMap((group) => group.buckets)
  return reader.percentiles({ buckets, values: null, maxNs: highestLatency(groups) }, percents)
}

/** `null` without any */
export function highestLatency(groups: readonly Latencies[]): number | null {
  return groups.reduce<number | null>((max, { maxNs }) => (maxNs === null ? max : Math.max(max ?? 0, maxNs)), null)
}

/** By halving where it may lie: the lists are sorted, each of them and not all together, and hold integers. */
function percentileOfLists(lists: readonly Float64Array[], percent: number): number | null {
  const total = lists.reduce((sum, list) => sum + list.length, 0)
  if (total === 0) return null
  const rank = nearestRank(percent, total)
  let low = 0
  let high = lists.reduce((max, list) => Math.max(max, list.at(-1) ?? 0), 0)
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const atOrBelow = lists.reduce((sum, list) => sum + countUpTo(list, middle), 0)
    if (atOrBelow >= rank) high = middle
    else low = middle + 1
  }
  return low
}

/** How many values of an ascending list are at most `limit`. */
function countUpTo(list: Float64Array, limit: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] as number) <= limit) low = middle + 1
    else high = middle
  }
  return low
}
