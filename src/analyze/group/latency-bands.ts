import { BUCKET_COUNT, bucketMiddle } from '../../sums/latency-histogram.js'
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

/** Counts the latencies of a group per band. */
export type BandCounter = (latencies: Latencies) => number[]

/**
 * Counts latencies per band, from an edge to below the next one. A bucket of a stored histogram counts as a whole at its middle.
 * Latencies outside of the edges belong to the first or the last band.
 * @param edges ascending, in ns, one more than bands
 */
export function createBandCounter(reader: LatencyReader, edges: readonly number[]): BandCounter {
  const bands = edges.length - 1
  const bandOf = (latencyNs: number) => {
    let band = 0
    while (band < bands - 1 && latencyNs >= (edges[band + 1] as number)) band++
    return band
  }
  const bandOfBucket = Uint16Array.from({ length: BUCKET_COUNT }, (_, bucket) => bandOf(bucketMiddle(bucket)))
  return (latencies) => {
    const counts = new Array<number>(bands).fill(0)
    if (latencies.values === null) {
      reader.forEachBucket(latencies, (bucket, count) => {
        counts[bandOfBucket[bucket] as number]! += count
      })
      return counts
    }
    for (const run of latencies.values.runs()) for (let i = 0; i < run.length; i++) counts[bandOf(run[i] as number)]!++
    return counts
  }
}
