import type { Limit } from '../options/parse-rotation.js'

/** An end that lies further ahead is by a clock that was wrong; one that does not, by one that was set back a little. */
const AHEAD_MS = 3_600_000

/** A closed file of this recording, or of one before. */
export interface KeptFile {
  readonly name: string
  readonly bytes: number
  /** When it was last written: of a closed file its end. Unix time. */
  readonly endedMs: number
}

/** What is known when files are chosen. */
export interface Moment {
  readonly nowMs: number
  /** Of the file that is being recorded into: it counts, and always stays. */
  readonly runningBytes: number
}

/**
 * The files that `keep` leaves no room for, the oldest first: what ended longer ago, or what makes all files together
 * larger. By their ends, not their names: those of a clock that ran ahead stay wrong. What ends in the future comes first where
 * room is needed, and has no age. Pure.
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
