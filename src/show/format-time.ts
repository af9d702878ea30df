const NS_PER_SECOND = 1_000_000_000n

/**
 * Unix ns as UTC, `2026-01-31 10:00:05.123Z`.
 * @param decimals of the second; what is beyond them is cut off, so that no time is shown before it began
 */
export function formatTime(unixNs: bigint, decimals: number): string {
  const seconds = floorSeconds(unixNs)
  const fraction = String(unixNs - seconds * NS_PER_SECOND).padStart(9, '0')
  const date = new Date(Number(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return String(unixNs)
  const text = date.toISOString().slice(0, -5).replace('T', ' ')
  return `${text}${decimals > 0 ? `.${fraction.slice(0, decimals)}` : ''}Z`
}

/** The day of Unix ns in UTC, `2026-01-31`; `null` where no calendar has one. */
export function clockDay(unixNs: bigint): string | null {
  return /^\d{4}-\d\d-\d\d(?= )/.exec(formatTime(unixNs, 0))?.[0] ?? null
}

/** Unix ns that have a `clockDay`, without it: `10:00:05.123Z`. */
export function formatClock(unixNs: bigint, decimals: number): string {
  return formatTime(unixNs, decimals).slice('2026-01-31 '.length)
}

/**
 * Decimals that are of use in a column of times: none when all are whole seconds, else ms, or as many more as tell
 * different times apart.
 */
export function usefulDecimals(times: readonly bigint[]): number {
  if (times.every((time) => time % NS_PER_SECOND === 0n)) return 0
  const different = new Set(times).size
  const isEnough = (unit: bigint) => new Set(times.map((time) => time / unit)).size === different
  return isEnough(1_000_000n) ? 3 : isEnough(1_000n) ? 6 : 9
}

function floorSeconds(unixNs: bigint): bigint {
  const seconds = unixNs / NS_PER_SECOND
  return unixNs < seconds * NS_PER_SECOND ? seconds - 1n : seconds
}

/** Unix ns as ISO 8601 with microseconds, `2026-01-31T10:00:05.123456Z`, as the view `connects` has it. */
export function formatIsoMicros(unixNs: bigint): string {
  return formatTime(unixNs, 6).replace(' ', 'T')
}
