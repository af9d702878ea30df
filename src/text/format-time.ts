const NS_PER_SECOND = 1_000_000_000n

/**
 * Unix ns as UTC, `2026-01-31 10:00:05.123Z`.
 * @param decimals of the second; further digits are truncated, so that no time is shown too late
 */
export function formatTime(unixNs: bigint, decimals: number): string {
  const seconds = floorSeconds(unixNs)
  const fraction = String(unixNs - seconds * NS_PER_SECOND).padStart(9, '0')
  const date = new Date(Number(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return String(unixNs)
  const text = date.toISOString().slice(0, -5).replace('T', ' ')
  return `${text}${decimals > 0 ? `.${fraction.slice(0, decimals)}` : ''}Z`
}

/** The day of Unix ns in UTC, `2026-01-31`; `null` outside of the calendar. */
export function clockDay(unixNs: bigint): string | null {
  return /^\d{4}-\d\d-\d\d(?= )/.exec(formatTime(unixNs, 0))?.[0] ?? null
}

/** Unix ns with a `clockDay`, without the day: `10:00:05.123Z`. */
export function formatClock(unixNs: bigint, decimals: number): string {
  return formatTime(unixNs, decimals).slice('2026-01-31 '.length)
}

/** Useful decimals for a column of times: none for whole seconds, otherwise ms, or as many as distinguish the times. */
export function usefulDecimals(times: readonly bigint[]): number {
  if (times.every((time) => time % NS_PER_SECOND === 0n)) return 0
  const different = new Set(times).size
  const isEnough = (unit: bigint) => new Set(times.map((time) => time / unit)).size === different
  return isEnough(1_000_000n) ? 3 : isEnough(1_000n) ? 6 : 9
}

/** Unix seconds rounded down, also before 1970, where BigInt division would round up. */
export function floorSeconds(unixNs: bigint): bigint {
  const seconds = unixNs / NS_PER_SECOND
  return unixNs < seconds * NS_PER_SECOND ? seconds - 1n : seconds
}

/** Unix ns as ISO 8601 with microseconds, `2026-01-31T10:00:05.123456Z`, as in the view `connects`. */
export function formatIsoMicros(unixNs: bigint): string {
  return formatTime(unixNs, 6).replace(' ', 'T')
}
