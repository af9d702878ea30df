import { formatDuration, formatSpan } from '../../show/format-duration.js'
import { formatBytes, formatCount } from '../../show/format-number.js'
import type { LiveStats } from './live-stats.js'

export interface Status extends LiveStats {
  readonly elapsedNs: number
  /** `null` when recording has no set duration */
  readonly remainingNs: number | null
  readonly lost: number
  readonly fileBytes: number
}

/** The one line that is shown while recording, cut to the terminal's width. */
export function renderStatus(status: Status, columns: number): string {
  const remaining = status.remainingNs === null ? '' : `, ${formatSpan(Math.max(0, status.remainingNs))} left`
  const line = [
    `${formatSpan(status.elapsedNs)}${remaining}`,
    `${formatCount(status.attempts)} attempts`,
    `${formatCount(status.perSecond)}/s`,
    `${formatCount(status.failed)} failed`,
    `p50 ${formatDuration(status.p50Ns)}`,
    `p99 ${formatDuration(status.p99Ns)}`,
    `${formatCount(status.lost)} lost`,
    formatBytes(status.fileBytes),
  ].join('  ')
  return line.slice(0, Math.max(0, columns - 1))
}
