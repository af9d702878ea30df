import { formatDuration, formatSpan } from '../../text/format-duration.js'
import { formatBytes, formatCount } from '../../text/format-number.js'
import type { LiveStats } from './live-stats.js'

export interface Status extends LiveStats {
  readonly elapsedNs: number
  /** `null` without --duration */
  readonly remainingNs: number | null
  readonly lost: number
  /** Size of the current file */
  readonly fileBytes: number
  /** Number of files so far */
  readonly files: number
}

/** Order in which fields are dropped on a narrow terminal, by position. Attempts and losses stay longest. */
const LEFT_OUT = [7, 4, 5, 2, 3, 0, 6, 1]
const GAP = '  '

/** The status line: as many whole fields as fit. */
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
