import { formatSpan } from './format-duration.js'
import { formatCount } from './format-number.js'

/** A longer bar adds no information; a shorter one has none. */
const MAX_BAR_WIDTH = 30
const MIN_BAR_WIDTH = 10
const GAP = '  '

/** Progress of an operation. */
export interface Progress {
  /** Rows written */
  readonly rows: number
  /** From 0 to 1 */
  readonly share: number
  readonly elapsedNs: number
}

/** One line: a bar, percent, rows, rate, remaining time. Fits a terminal of `columns`. */
export function formatProgress({ rows, share, elapsedNs }: Progress, columns: number): string {
  const perSecond = elapsedNs > 0 ? Math.round(rows / (elapsedNs / 1e9)) : 0
  const leftNs = share > 0 ? (elapsedNs * (1 - share)) / share : null
  const fields = [
    `${Math.floor(share * 100)}%`.padStart(4),
    `${formatCount(rows)} rows`,
    `${formatCount(perSecond)}/s`,
    ...(leftNs === null ? [] : [`${formatSpan(leftNs)} left`]),
  ]
  while (fields.length > 1 && fields.join(GAP).length >= columns) fields.pop()
  const text = fields.join(GAP)
  const width = Math.min(MAX_BAR_WIDTH, columns - 1 - GAP.length - text.length)
  return width < MIN_BAR_WIDTH ? text : `${renderBar(share, width)}${GAP}${text}`
}

function renderBar(share: number, width: number): string {
  const done = Math.min(width, Math.max(0, Math.floor(share * width)))
  return '█'.repeat(done) + '░'.repeat(width - done)
}
