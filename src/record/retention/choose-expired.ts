import type { Limit } from '../options/parse-rotation.js'

/** An end further in the future results from a wrong clock; a nearer one from a clock that was set back slightly. */
const AHEAD_MS = 3_600_000

/** A closed file of this recording, or of an earlier one. */
export interface KeptFile {
  readonly name: string
  readonly bytes: number
  /** Time of the last write, for a closed file its end. Unix time. */
  readonly endedMs: number
}

/** The state for choosing files. */
export interface Moment {
  readonly nowMs: number
  /** Size of the current file: counts, but is never chosen. */
  readonly runningBytes: number
}

/**
 * The files beyond the limit `keep`, oldest first: those that ended too long ago, or that exceed the total size.
 * Ordered by their ends, not their names, which stay wrong if the clock was ahead. Files that end in the future are
 * first if space is needed, and have no age. Pure.
 */
export function chooseExpired(files: readonly KeptFile[], keep: Limit, { nowMs, runningBytes }: Moment): KeptFile[] {
  const isAhead = ({ endedMs }: KeptFile) => endedMs > nowMs + AHEAD_MS
  const oldestFirst = files.toSorted(
    (a, b) => Number(isAhead(b)) - Number(isAhead(a)) || a.endedMs - b.endedMs || (a.name < b.name ? -1 : 1),
  )
  if ('ns' in keep) return oldestFirst.filter(({ endedMs }) => nowMs - endedMs > keep.ns / 1e6)
  let total = runningBytes + files.reduce((sum, { bytes }) => sum + bytes, 0)
  const expired: KeptFile[] = []
  for (const file of oldestFirst) {
    if (total <= keep.bytes) break
    expired.push(file)
    total -= file.bytes
  }
  return expired
}
