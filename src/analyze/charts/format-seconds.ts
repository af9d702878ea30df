import { formatSpan } from '../../text/format-duration.js'

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const

/** The shortest text of whole seconds: `30 s`, `5 m`, `1h01m05s`. */
export function formatSeconds(seconds: number): string {
  const [scale, unit] = UNITS.find(([length]) => seconds % length === 0) ?? [1, 's']
  const value = seconds / scale
  return unit === 'd' || value < 100 ? `${value} ${unit}` : formatSpan(seconds * 1e9)
}

/** Round durations below a day, in s: fine enough to fill at least two thirds of a terminal. */
// oxfmt-ignore
const STEPS: readonly number[] = [
  1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40,
  60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900, 1200, 1800, 2400,
  3600, 5400, 7200, 10_800, 14_400, 21_600, 28_800, 43_200,
]
const DAY = 86_400

/** The first accepted round duration in whole seconds; days in steps of at most a tenth. */
export function roundSeconds(isAccepted: (seconds: number) => boolean): number {
  const step = STEPS.find(isAccepted)
  if (step !== undefined) return step
  let days = 1
  while (!isAccepted(days * DAY)) days += 10 ** Math.max(0, Math.floor(Math.log10(days)) - 1)
  return days * DAY
}
