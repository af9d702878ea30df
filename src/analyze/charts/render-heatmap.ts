import { formatCount } from '../../text/format-number.js'
import { formatEdge } from './latency-scale.js'
import { spread } from './render-sparklines.js'

/** Attempts by time and latency. */
export interface Heatmap {
  /** Edges of the bands in ns, ascending, one more than bands */
  readonly edges: readonly number[]
  /** A column of counts per interval, by band */
  readonly columns: readonly (readonly number[])[]
  /** Failed attempts per interval */
  readonly failed: readonly number[]
  /** Texts below the start and the end */
  readonly ends: readonly [string, string]
  /** Duration of a column: `6 s` */
  readonly interval: string
}

/** Texts beside the columns of a heat map. */
export const HEATMAP_MARGIN = 9

const SHADES = ['░', '▒', '▓', '█'] as const
const FRAME = ' │'

/**
 * Time to the right, latency upwards, shades for counts on a logarithmic scale, failures below.
 * @returns lines of at most `width` columns
 */
export function renderHeatmap({ edges, columns, failed, ends, interval }: Heatmap, width: number): string[] {
  const times = Math.max(1, Math.floor((width - HEATMAP_MARGIN) / Math.max(1, columns.length)))
  const thresholds = thresholdsOf(Math.max(1, ...failed, ...columns.map((counts) => Math.max(0, ...counts))))
  const shade = (count: number) => shadeOf(count, thresholds).repeat(times)
  const line = (label: string, counts: readonly number[]) =>
    label.padStart(HEATMAP_MARGIN - FRAME.length) + FRAME + counts.map(shade).join('')
  const bands = edges.slice(0, -1).map((edge, band) => {
    return line(
      formatEdge(edge),
      columns.map((counts) => counts[band] ?? 0),
    )
  })
  const margin = ' '.repeat(HEATMAP_MARGIN)
  const lines = [
    ...bands.toReversed(),
    `${' '.repeat(HEATMAP_MARGIN - 1)}└${'─'.repeat(columns.length * times)}`,
    line('failed', failed),
    margin + spread(ends, columns.length * times),
    ...describe(`${describeShades(thresholds)} attempts`, `a column is ${interval}`, width).map(
      (text) => margin + text,
    ),
  ]
  return lines.map((text) => text.slice(0, width).trimEnd())
}

/** The lowest count of each shade. A single attempt is visible, and high counts remain distinguishable. */
function thresholdsOf(max: number): number[] {
  return [1, Math.ceil(max / 64), Math.ceil(max / 8), Math.ceil(max / 2)]
}

/** The darkest shade that a count reaches. */
function shadeOf(count: number, thresholds: readonly number[]): string {
  return SHADES[thresholds.findLastIndex((threshold) => count >= threshold)] ?? ' '
}

/** In one line, or in two if one is too narrow. */
function describe(shades: string, column: string, width: number): string[] {
  const line = `${shades}; ${column}`
  return HEATMAP_MARGIN + line.length <= width ? [line] : [shades, column]
}

/** Of shades with the same lowest count, keeps the darkest. */
function describeShades(thresholds: readonly number[]): string {
  const named = SHADES.flatMap((shade, i) => {
    const from = thresholds[i] as number
    return thresholds[i + 1] === from ? [] : [`${shade} ${formatCount(from)}`]
  })
  return `${named.join('  ')} or more`
}
