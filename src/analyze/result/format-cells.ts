import { formatDuration } from '../../show/format-duration.js'
import { formatCount, formatRate } from '../../show/format-number.js'
import { formatClock, formatTime, usefulDecimals } from '../../show/format-time.js'
import { safeText } from '../../show/safe-text.js'
import type { ColumnKind, Value } from './result.js'

/** Turns a value into what people read: units scaled, nothing that steers a terminal, a dash for what is not known. */
export type CellFormatter = (value: Value) => string

/**
 * @param values all of the column: times get as many decimals as these need
 * @param day where room is scarce: the day of all times, which is left out, or `null` where it is not the same
 */
export function createCellFormatter(
  kind: ColumnKind,
  values: () => readonly Value[],
  day?: string | null,
): CellFormatter {
  const formatValue = kind === 'time' ? createTimeFormatter(values(), day) : NUMBER_FORMATS[kind]
  return (value) => {
    if (value === null) return '-'
    // SQL of a user's own may have texts among numbers.
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

/** Integers may be identifiers; of others what is before the point, and four digits, tell enough. */
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
