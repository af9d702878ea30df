import { WINDOW_SECONDS } from './attempt-window.js'
import type { Grouped, TopRow } from './group-window.js'

/** Attempts of each second of the window, oldest first, by position of a row in `Grouped.rows`, for `rows` only. */
export function rowSeconds(grouped: Grouped, rows: readonly TopRow[]): Map<number, Uint32Array> {
  const { view, rowOfId, ids } = grouped
  const { columns, bounds } = view
  const seconds = bounds.length - 1
  const slotOfRow = new Int32Array(grouped.rows.length).fill(-1)
  rows.forEach(({ index }, slot) => (slotOfRow[index] = slot))
  const slotOfId = rowOfId.map((row) => (row === -1 ? -1 : (slotOfRow[row] as number)))
  const counts = new Uint32Array(rows.length * WINDOW_SECONDS)
  for (let second = 0; second < seconds; second++) {
    const end = bounds[second + 1] as number
    for (let position = bounds[second] as number; position < end; position++) {
      const slot = slotOfId[ids[position & columns.mask] as number] as number
      if (slot >= 0) counts[slot * WINDOW_SECONDS + second]!++
    }
  }
  const of = (slot: number) => counts.subarray(slot * WINDOW_SECONDS, slot * WINDOW_SECONDS + seconds)
  return new Map(rows.map(({ index }, slot) => [index, of(slot)]))
}
