/** Median, lowest and highest of some values. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] as number
  const middle = (sorted.length - 1) / 2
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) }
}

/** `median (min–max)`, with its unit. */
export function formatSpread({ median, min, max }: Spread, digits: number, unit: string): string {
  const [shown, low, high] = [median, min, max].map((value) => formatNumber(value, digits))
  return `${shown} ${unit} (${low} to ${high})`
}

/** With a fixed number of decimals and commas between thousands. */
export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
