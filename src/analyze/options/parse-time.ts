import { UsageError } from '../../base/errors.js'
import { parseDuration } from '../../options/parse-duration.js'

/** The time range of a trace in Unix ns. Relative times refer to it. */
export interface TraceSpan {
  readonly firstUnixNs: bigint
  readonly lastUnixNs: bigint
}

const ACCEPTED =
  'a time like 2026-01-31T10:00:00Z, 2026-01-31 10:00 or 10:00:30 (local time), +5m (after the beginning) or -5m (before the end)'
const NS_PER_MS = 1_000_000n
const DAY_MS = 86_400_000

/**
 * Parses a time: ISO 8601, local time if it has no offset; a time of day is the last one before the end of the trace;
 * `+5m` is relative to the start of the trace, `-5m` to its end.
 * @returns Unix ns
 * @throws UsageError
 */
export function parseTime(option: string, text: string, span: TraceSpan): bigint {
  const relative = /^([+-])(.+)$/.exec(text)
  if (relative) {
    const durationNs = parseDuration(relative[2] as string)
    if (durationNs === null) throw new UsageError(option, text, ACCEPTED)
    return relative[1] === '+' ? span.firstUnixNs + BigInt(durationNs) : span.lastUnixNs - BigInt(durationNs)
  }
  const unixNs = parseDate(text) ?? parseTimeOfDay(text, span)
  if (unixNs === null) throw new UsageError(option, text, ACCEPTED)
  return unixNs
}

/** The parser of Date accepts more than ISO 8601 and turns February 30 into March: checks the format and the day. */
function parseDate(text: string): bigint | null {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(text)
  if (!match) return null
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const inUtc = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(inUtc.getTime()) || inUtc.getUTCDate() !== Number(day)) return null
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
  return Number.isNaN(date.getTime()) ? null : BigInt(date.getTime()) * NS_PER_MS + BigInt(fraction.padEnd(9, '0'))
}

function parseTimeOfDay(text: string, { lastUnixNs }: TraceSpan): bigint | null {
  const match = /^(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text)
  if (!match) return null
  const [hour, minute, second] = [match[1], match[2], match[3] ?? 0].map(Number) as [number, number, number]
  if (hour > 23 || minute > 59 || second > 59) return null
  const day = new Date(Number(lastUnixNs / NS_PER_MS))
  day.setHours(hour, minute, second, 0)
  const time = day.getTime() * 1e6 > Number(lastUnixNs) ? day.getTime() - DAY_MS : day.getTime()
  return BigInt(time) * NS_PER_MS
}
