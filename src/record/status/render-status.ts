import { formatDuration, formatSpan } from '../../show/format-duration.js'
import { formatBytes, formatCount } from '../../show/format-number.js'
import type { LiveStats } from './live-stats.js'

export interface Status extends LiveStats {
  readonly elapsedNs: number
  /** `null` when recording has no set duration */
  readonly remainingNs: number | null
  readonly lost: number
  /** Of the file that is recorded into */
  readonly fileBytes: number
  /** How many there are by now */
  readonly files: number
}

/** What goes first when a terminal is narrow, by position in the line; loss stays longest but for the attempts. */
const LEFT_OUT = [7, 4, 5, 2, 3, 0, 6, 1]
const GAP = '  '

/** The one line that is shown while recording: as many whole fields as the terminal has room for. */
export function renderStatus(status: Status, columns: number): string {
  const remaining = status.remainingNs === null ? '' : `, ${formatSpan(Math.max(0, status.remainingNs))} left`
  const fields = [
    `${formatSpan(status.elapsedNs)}${remaining}`,
    `${formatCount(status.attempts)} attempts`,
    `${formatCount(status.perSecond)}/s`,
    `${formatCount(status.failed)} failed`,
    `p50 ${formatDuration(status.p50Ns)}`,
    `p99 ${formatDuration(status.p99Ns)}`,
    `${formatCount(status.lost)} lost`,
    `${formatBytes(status.fileBytes)}${status.files > 1 ? ` in file ${formatCount(status.files)}` : ''}`,
  ]
  return fitFields(fields, columns - 1)
}

function fitFields(fields: readonly string[], width: number): string {
  let shown = fields
  for (const position of LEFT_OUT) {
    if (shown.join(GAP).length <= width) break
    shown = shown.filter((field) => field !== fields[position])
  }
  return shown.join(GAP)
}
