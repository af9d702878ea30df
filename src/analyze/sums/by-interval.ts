import type { Dimension } from './dimension.js'

/** Intervals of Unix time by the second in which an attempt began; the key is the interval's first second. */
export function byInterval(seconds: number): Dimension {
  return {
    name: 'interval',
    source: 'second',
    columns: [{ name: 'started_ns', heading: 'STARTED', kind: 'time' }],
    keys: () => (second) => [startOfInterval(second, seconds)],
  }
}

/** The first second of the interval that holds a Unix second. Intervals are aligned to Unix time. */
export function startOfInterval(second: number, seconds: number): number {
  return Math.floor(second / seconds) * seconds
}
