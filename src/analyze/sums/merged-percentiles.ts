import { exactPercentiles, type Latencies, type LatencyReader } from './latencies.js'

/** Percentiles in ns of the latencies of several groups together, nearest rank, each `null` without a value. */
export function mergedPercentiles(
  reader: LatencyReader,
  groups: readonly Latencies[],
  percents: readonly number[],
): (number | null)[] {
  const exact = groups.flatMap(({ values }) => (values === null ? [] : [values]))
  if (exact.length > 0)
    return exactPercentiles(
      exact.flatMap((values) => values.runs()),
      percents,
    )
  const buckets = groups.flatMap((group) => group.buckets)
  return reader.percentiles({ buckets, values: null, maxNs: highestLatency(groups) }, percents)
}

/** `null` without any */
export function highestLatency(groups: readonly Latencies[]): number | null {
  return groups.reduce<number | null>((max, { maxNs }) => (maxNs === null ? max : Math.max(max ?? 0, maxNs)), null)
}
