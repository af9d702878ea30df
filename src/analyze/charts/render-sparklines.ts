import { sparkline } from '../../text/sparkline.js'

/** One line of a chart over time. */
export interface Sparkline {
  readonly label: string
  /** In order of time, 0 or more; `null`: no value. */
  readonly values: readonly (number | null)[]
  /** Text of the highest value */
  readonly format: (value: number) => string
}

const GAP = '  '

/**
 * One line per series over the same time, scaled from 0 to its highest value, which follows the line. If there are more values
 * than columns, a character shows the highest of its values. No value and 0 are blank.
 * @param ends texts below the start and the end of the lines
 * @returns lines of at most `width` columns; none without values
 */
export function renderSparklines(
  lines: readonly Sparkline[],
  ends: readonly [string, string],
  width: number,
): string[] {
  const length = lines[0]?.values.length ?? 0
  if (length === 0) return []
  const maxima = lines.map(({ values, format }) => {
    const max = values.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0)
    return { max, text: max === 0 ? 'none' : `max ${format(max)}` }
  })
  const labelWidth = Math.max(...lines.map(({ label }) => label.length))
  const textWidth = Math.max(...maxima.map(({ text }) => text.length))
  const room = Math.max(1, width - labelWidth - textWidth - 2 * GAP.length)
  const spark = lines.map(({ label, values }, i) => {
    const drawn = sparkline(values, (maxima[i] as { max: number }).max, room)
    return [label.padEnd(labelWidth), drawn, (maxima[i] as { text: string }).text].join(GAP)
  })
  return [...spark, `${' '.repeat(labelWidth)}${GAP}${spread(ends, room)}`].map((line) =>
    line.slice(0, width).trimEnd(),
  )
}

/** Two texts at the ends of a line; only the first one if both do not fit. */
export function spread([first, last]: readonly [string, string], width: number): string {
  const gap = width - first.length - last.length
  return gap > 0 ? first + ' '.repeat(gap) + last : first
}
