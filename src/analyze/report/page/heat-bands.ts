import { formatDuration } from '../../../text/format-duration.js'
import type { ReportSide } from '../report-data.js'
import type { Stretch } from './view-state.js'

/** `1.00 ms to 2.00 ms` */
export function bandName(edges: readonly number[], band: number): string {
  return `${formatDuration(edges[band] as number)} to ${formatDuration(edges[band + 1] as number)}`
}

/** Attempts by band of some stretch of time. */
export function countStretch({ times, heatmap }: ReportSide, [from, to]: Stretch, bands: number): number[] {
  const counts = new Array<number>(bands).fill(0)
  const step = stepOf(times.starts)
  heatmap.forEach((row, i) => {
    const start = times.starts[i] as number
    if (start + step <= from || start >= to) return
    row.forEach((count, band) => (counts[band] = (counts[band] ?? 0) + count))
  })
  return counts
}

/** The shortest time between two intervals, which is the length of each, in s. */
export function stepOf(starts: readonly number[]): number {
  return starts.slice(1).reduce((step, start, i) => Math.min(step, start - (starts[i] as number)), Infinity)
}
