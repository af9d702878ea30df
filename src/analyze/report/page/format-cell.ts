import { formatDuration } from '../../../text/format-duration.js'
import { formatCount, formatRate } from '../../../text/format-number.js'
import { formatTime } from '../../../text/format-time.js'
import type { ReportTable } from '../report-data.js'

type Kind = ReportTable['columns'][number]['kind']

/** A cell as people read it, as in tables of a terminal. @param decimals of the second, for times */
export function formatCell(value: string | number | null, kind: Kind, decimals = 0): string {
  if (value === null) return '-'
  if (typeof value === 'string') return value
  if (kind === 'time') return formatTime(BigInt(value) * 1000n, decimals)
  if (kind === 'count') return formatCount(value)
  if (kind === 'percent') return `${value.toFixed(1)}%`
  if (kind === 'duration') return formatDuration(value)
  return kind === 'rate' ? formatRate(value) : String(value)
}

/** A moment in Unix seconds. */
export function formatMoment(second: number): string {
  return formatTime(BigInt(Math.round(second * 1000)) * 1_000_000n, Number.isInteger(second) ? 0 : 3)
}
