/** A duration in ns for people: `12.3 ms`, three significant digits, a dash for `null`. */
export function formatDuration(ns: number | null): string {
  if (ns === null) return '-'
  // A difference.
  if (ns < 0) return `-${formatDuration(-ns)}`
  const [scale, unit] =
    ns < 999.5
      ? [1, 'ns']
      : ns < 999.5e3
        ? [1e3, 'µs']
        : ns < 999.5e6
          ? [1e6, 'ms']
          : ns < 119.5e9
            ? [1e9, 's']
            : [0, '']
  if (scale === 0) return formatSpan(ns)
  return `${significant(ns / scale)} ${unit}`
}

/** A length of time to the second, or below a second as `412 ms`. */
export function formatLength(ns: number): string {
  return ns > 0 && ns < 999.5e6 ? formatDuration(ns) : formatSpan(ns)
}

/** A span of time in hours, minutes and seconds: `1h02m03s`. */
export function formatSpan(ns: number): string {
  const seconds = Math.round(ns / 1e9)
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  if (hours > 0) return `${hours}h${two(minutes)}m${two(rest)}s`
  return minutes > 0 ? `${minutes}m${two(rest)}s` : `${rest}s`
}

function significant(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)
}
