import { formatProgress } from '../../text/format-progress.js'
import type { ReadProgress } from './rows/read-attempts.js'

const REDRAW_MS = 200
const CLEAR_LINE = '\r\x1b[K'

/** A line on a terminal that is overwritten. */
export interface ProgressLine {
  draw(rows: number, progress: ReadProgress): void
  clear(): void
}

/** Does nothing if `isShown` is false. */
export function createProgressLine(isShown: boolean, stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (!isShown) return { draw() {}, clear() {} }
  const startedMs = performance.now()
  let drawnMs = startedMs
  return {
    draw(rows, { scanned, total }) {
      const nowMs = performance.now()
      if (nowMs - drawnMs < REDRAW_MS) return
      drawnMs = nowMs
      const progress = { rows, share: total > 0 ? scanned / total : 1, elapsedNs: (nowMs - startedMs) * 1e6 }
      stream.write(CLEAR_LINE + formatProgress(progress, stream.columns || 80))
    },
    clear: () => void stream.write(CLEAR_LINE),
  }
}
