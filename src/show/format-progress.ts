import { formatSpan } from './format-duration.js'
import { formatCount } from './format-number.js'

/** How far something is. */
export interface Progress {
  /** Rows that were written */
  readonly rows: number
  /** From 0 to 1 */
  readonly share: number
  readonly elapsedNs: number
}

/** One line: rows, percent, rate, time left. No longer than a terminal of `columns` has room for. */
export function formatProgress({ rows, share, elapsedNs }: Progress, columns: number): string {
  const perSecond = elapsedNs > 0 ? Math.round(rows / (elapsedNs / 1e9)) : 0
  const leftNs = share > 0 ? (elapsedNs * (1 - share)) / share : null
  const fields = [
    `${Math.floor(share * 100)}%`,
    `${formatCount(rows)} rows`,
    `${formatCount(perSecond)}/s`,
    ...(leftNs === null ? [] : [`${formatSpan(leftNs)} left`]),
  ]
  while (fields.length > 1 && fields.join('  ').length >= columns) fields.pop()
  return fields.join('  ')
}
