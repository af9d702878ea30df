import { bucketMiddle } from '../../store/latency-histogram.js'
import type { Latencies, LatencyReader } from './latencies.js'

/** The smallest and the largest latency of some groups, in ns, as exact as percentiles; `null` without any. */
export function latencyRange(
  reader: LatencyReader,
  groups: readonly Latencies[],
): { readonly minNs: number; readonly maxNs: number } | null {
  let [lowest, highest] = [Infinity, -Infinity]
  for (const latencies of groups) {
    // The nearest rank of 0 percent is the first value.
    const [minNs, maxNs] = reader.percentiles(latencies, [0, 100]) as [number | null, number | null]
    lowest = Math.min(lowest, minNs ?? Infinity)
    highest = Math.max(highest, maxNs ?? -Infinity)
  }
  return lowest > highest ? null : { minNs: lowest, maxNs: highest }
}

/**
 * Latencies per band: from an edge to below the next one. Buckets of stored histograms count as a whole, with their
 * middle; what lies outside of the edges counts to the first or the last band.
 * @param edges ascending, in ns, one more than bands
 */
export function countBands(reader: LatencyReader, latencies: Latencies, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0)
  const add = (latencyNs: number, count: number) => {
    let band = 0
    while (band < counts.length - 1 && latencyNs >= (edges[band + 1] as number)) band++
    counts[band]! += count
  }
  if (latencies.values === null) {
    reader.histogram(latencies).forEach((count, bucket) => {
      if (count > 0) add(bucketMiddle(bucket), count)
    })
    return counts
  }
  for (const run of latencies.values.runs()) for (let i = 0; i < run.length; i++) add(run[i] as number, 1)
  return counts
}
