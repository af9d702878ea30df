import { formatDuration } from '../../text/format-duration.js'

/** Round numbers of a decade, times ten, from fine to coarse. */
const STEPS: readonly (readonly number[])[] = [
  [10, 11, 12, 14, 16, 18, 20, 22, 25, 28, 30, 35, 40, 45, 50, 55, 60, 70, 80, 90],
  [10, 12, 15, 20, 25, 30, 40, 50, 60, 80],
  [10, 15, 20, 30, 50, 70],
  [10, 20, 50],
  [10, 30],
  [10],
]

/**
 * Edges of bands on a logarithmic scale, in ns: round numbers, as finely spaced as `maxBands` allows. The first edge is
 * at most `minNs`, the last one above `maxNs`.
 * @param maxBands 17 or more: as many as all durations below 2^53 ns can need
 */
export function latencyEdges(minNs: number, maxNs: number, maxBands: number): number[] {
  const scales = STEPS.map((steps) => edgesOf(steps, minNs, maxNs))
  return scales.find((edges) => edges.length - 1 <= maxBands) ?? (scales.at(-1) as number[])
}

function edgesOf(steps: readonly number[], minNs: number, maxNs: number): number[] {
  const edges = [0]
  // One more decade on both sides, because logarithms are not exact.
  const lowest = Math.max(0, Math.floor(Math.log10(Math.max(minNs, 1))) - 1)
  const highest = Math.ceil(Math.log10(Math.max(maxNs, 1))) + 1
  for (let decade = lowest; decade <= highest; decade++) {
    for (const step of steps) {
      const edge = (step * 10 ** decade) / 10
      if (Number.isInteger(edge)) edges.push(edge)
    }
  }
  const first = edges.findLastIndex((edge) => edge <= minNs)
  const last = edges.findIndex((edge) => edge > maxNs)
  return edges.slice(first, last + 1)
}

/** The shortest text of an edge: `1 ms`, `1.5 s`. */
export function formatEdge(ns: number): string {
  return formatDuration(ns).replace(/(\.\d*?)0+ /, (_, digits: string) => `${digits === '.' ? '' : digits} `)
}
