import { bucketMiddle } from '../../sums/latency-histogram.js'
import type { Latencies, LatencyReader } from './latencies.js'

/** The lowest and the highest latency of groups in ns, as accurate as percentiles; `null` without latencies. */
export function latencyRange(
  reader: LatencyReader,
  groups: readonly Latencies[],
): { readonly minNs: number; readonly maxNs: number } | null {
  let [lowest, highest] = [Infinity, -Infinity]
  for (const latencies of groups) {
    // Percentile 0 is the first value.
    lowest = Math.min(lowest, reader.percentile(latencies, 0) ?? Infinity)
    highest = Math.max(highest, reader.percentile(latencies, 100) ?? -Infinity)
  }
  return lowest > highest ? null : { minNs: lowest, maxNs: highest }
}

/**
 * Counts latencies per band, from an edge to below the next one. A bucket of a stored histogram counts as a whole at its middle.
 * Latencies outside of the edges belong to the first or the last band.
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
    const histogram = reader.histogram(latencies)
    for (let bucket = 0; bucket < histogram.length; bucket++) {
      const count = histogram[bucket] as number
      if (count > 0) add(bucketMiddle(bucket), count)
    }
    return counts
  }
  for (const run of latencies.values.runs()) for (let i = 0; i < run.length; i++) add(run[i] as number, 1)
  return counts
}
