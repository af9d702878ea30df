/** Lengths below a day that people think in, in s: fine enough to fill at least two thirds of a terminal. */
// oxfmt-ignore
const STEPS: readonly number[] = [
  1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40,
  60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900, 1200, 1800, 2400,
  3600, 5400, 7200, 10_800, 14_400, 21_600, 28_800, 43_200,
]
const DAY = 86_400

/** The first round length, in whole seconds, that is accepted; days in steps of a tenth or less of their number. */
export function roundSeconds(isAccepted: (seconds: number) => boolean): number {
  const step = STEPS.find(isAccepted)
  if (step !== undefined) return step
  let days = 1
  while (!isAccepted(days * DAY)) days += 10 ** Math.max(0, Math.floor(Math.log10(days)) - 1)
  return days * DAY
}
