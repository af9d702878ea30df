import { formatSpan } from '../../show/format-duration.js'

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const

/** Whole seconds as short as they can be said: `30 s`, `5 m`, `1h01m05s`. */
export function formatSeconds(seconds: number): string {
  const [scale, unit] = UNITS.find(([length]) => seconds % length === 0) ?? [1, 's']
  const value = seconds / scale
  return unit === 'd' || value < 100 ? `${value} ${unit}` : formatSpan(seconds * 1e9)
}
