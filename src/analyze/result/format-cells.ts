import { formatDuration } from '../../text/format-duration.js'
import { formatCount, formatRate } from '../../text/format-number.js'
import { formatClock, formatTime, usefulDecimals } from '../../text/format-time.js'
import { safeText } from '../../text/safe-text.js'
import type { ColumnKind, Value } from './result.js'

/** Formats a value for people: scaled units, no terminal control characters, a dash for NULL. */
export type CellFormatter = (value: Value) => string

/**
 * @param values all values of the column: times get as many decimals as these need
 * @param day if the table is narrow: the common day of all times, which is left out, `null` if the days differ
 */
export function createCellFormatter(
  kind: ColumnKind,
  values: () => readonly Value[],
  day?: string | null,
): CellFormatter {
  const formatValue = kind === 'time' ? createTimeFormatter(values(), day) : NUMBER_FORMATS[kind]
  return (value) => {
    if (value === null) return '-'
    // SQL of users may mix texts and numbers.
    return typeof value === 'string' ? safeText(value) : formatValue(value)
  }
}

const NUMBER_FORMATS: Record<Exclude<ColumnKind, 'time'>, (value: number | bigint) => string> = {
  text: String,
  count: formatCount,
  percent: (value) => `${Number(value).toFixed(1)}%`,
  duration: (value) => formatDuration(Number(value)),
  rate: (value) => formatRate(Number(value)),
  number: formatNumber,
}

/** Integers may be identifiers. Other numbers have four significant digits, or all digits before the point. */
function formatNumber(value: number | bigint): string {
  if (typeof value === 'bigint' || Number.isInteger(value)) return String(value)
  return String(Math.abs(value) < 1000 ? Number(value.toPrecision(4)) : Math.round(value))
}

function createTimeFormatter(values: readonly Value[], day?: string | null): (value: number | bigint) => string {
  const useful = usefulDecimals(values.filter((value) => typeof value === 'bigint'))
  const decimals = day === undefined ? useful : Math.min(useful, 3)
  const format = day ? formatClock : formatTime
  return (value) => (typeof value === 'bigint' ? format(value, decimals) : String(value))
}
