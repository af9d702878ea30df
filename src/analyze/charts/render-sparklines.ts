/** One line of a chart over time. */
export interface Sparkline {
  readonly label: string
  /** In the order of time, 0 or more; `null` where there is none. */
  readonly values: readonly (number | null)[]
  /** What the highest of them is said as */
  readonly format: (value: number) => string
}

const HEIGHTS = '▁▂▃▄▅▆▇█'
const GAP = '  '

/**
 * Lines of the same stretch of time as wide as there is room, each scaled from 0 to its highest value, which stands
 * behind it. More values than there is room for share a character, which shows the highest; nothing and 0 are blank.
 * @param ends what stands below the beginning and the end of the lines
 * @returns lines at most `width` wide, none without values
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
    const drawn = drawValues(values, (maxima[i] as { max: number }).max, room)
    return [label.padEnd(labelWidth), drawn, (maxima[i] as { text: string }).text].join(GAP)
  })
  return [...spark, `${' '.repeat(labelWidth)}${GAP}${spread(ends, room)}`].map((line) =>
    line.slice(0, width).trimEnd(),
  )
}

/** One character a column, each with the highest of its values. */
function drawValues(values: readonly (number | null)[], max: number, columns: number): string {
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns)
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns))
    const value = values.slice(from, to).reduce<number>((highest, one) => Math.max(highest, one ?? 0), 0)
    return value === 0 ? ' ' : (HEIGHTS[Math.ceil((value / max) * HEIGHTS.length) - 1] ?? '▁')
  }).join('')
}

/** Two texts at the ends of a line; only the first where both have no room. */
export function spread([first, last]: readonly [string, string], width: number): string {
  const gap = width - first.length - last.length
  return gap > 0 ? first + ' '.repeat(gap) + last : first
}
