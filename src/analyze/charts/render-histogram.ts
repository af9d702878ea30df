import { formatCount } from '../../text/format-number.js'
import { formatEdge } from './latency-scale.js'

/** Values from `fromNs` to below `toNs`. */
export interface Band {
  readonly fromNs: number
  readonly toNs: number
  readonly count: number
}

const GAP = '  '
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
/** Minimum width of bars: other columns are dropped first. */
const MIN_BAR_WIDTH = 10

/**
 * A horizontal histogram, one line per band, with counts and percentages.
 * @returns lines of at most `width` columns; none without bands
 */
export function renderHistogram(bands: readonly Band[], width: number): string[] {
  if (bands.length === 0) return []
  const total = bands.reduce((sum, band) => sum + band.count, 0)
  const columns = [
    ['LATENCY', ...bands.map(({ fromNs, toNs }) => labelOf(fromNs, toNs, bands))],
    ['COUNT', ...bands.map(({ count }) => formatCount(count))],
    ['PERCENT', ...bands.map(({ count }) => `${total === 0 ? '0.00' : ((count / total) * 100).toFixed(2)}%`)],
  ]
  const kept = columns.map(alignRight)
  while (kept.length > 1 && width - widthOf(kept) < MIN_BAR_WIDTH) kept.pop()
  const barWidth = Math.max(0, width - widthOf(kept))
  const max = bands.reduce((most, { count }) => Math.max(most, count), 1)
  return ['', ...bands.map(({ count }) => renderBar(count / max, barWidth))].map((bar, i) =>
    [...kept.map((texts) => texts[i]), bar].join(GAP).trimEnd().slice(0, width),
  )
}

/** A bar of `share` of the width, in eighths of a character. Anything above 0 is visible. */
function renderBar(share: number, width: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0
  return '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] as string)
}

function labelOf(fromNs: number, toNs: number, bands: readonly Band[]): string {
  const width = bands.reduce((max, band) => Math.max(max, formatEdge(band.toNs).length), 0)
  return `${formatEdge(fromNs)} to ${formatEdge(toNs).padStart(width)}`
}

function alignRight(texts: readonly string[]): string[] {
  const width = texts.reduce((max, text) => Math.max(max, text.length), 0)
  return texts.map((text) => text.padStart(width))
}

function widthOf(columns: readonly (readonly string[])[]): number {
  return columns.reduce((sum, texts) => sum + (texts[0]?.length ?? 0) + GAP.length, 0)
}
