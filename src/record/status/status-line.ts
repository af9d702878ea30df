import type { AttemptBatch } from '../write/attempt-batch.js'
import { createLiveStats } from './live-stats.js'
import { renderStatus } from './render-status.js'

const REDRAW_NS = 500e6
const CLEAR_LINE = '\r\x1b[K'

/** A line on a terminal that is overwritten. */
export interface StatusLine {
  add(batch: AttemptBatch, nowNs: number): void
  draw(nowNs: number, lost: number): void
  clear(): void
}

/** The files of a recording. */
export interface FileProgress {
  /** Number of files so far */
  count(): number
  /** Size of the current file */
  bytes(): number
}

export interface StatusSource {
  readonly durationNs: number | null
  readonly files: FileProgress
}

/** Inactive and free of cost if `isShown` is false. */
export function createStatusLine(isShown: boolean, source: StatusSource, stream = process.stderr): StatusLine {
  if (!isShown) return { add: () => {}, draw: () => {}, clear: () => {} }
  const stats = createLiveStats()
  let drawnNs = -Infinity
  return {
    add: (batch, nowNs) => stats.add(batch, nowNs / 1e6),
    draw(nowNs, lost) {
      if (nowNs - drawnNs < REDRAW_NS) return
      drawnNs = nowNs
      const remainingNs = source.durationNs === null ? null : source.durationNs - nowNs
      const { count, bytes } = source.files
      const file = { files: count(), fileBytes: bytes() }
      const status = { ...stats.read(nowNs / 1e6), elapsedNs: nowNs, remainingNs, lost, ...file }
      stream.write(CLEAR_LINE + renderStatus(status, stream.columns || 80))
    },
    clear: () => void stream.write(CLEAR_LINE),
  }
}
