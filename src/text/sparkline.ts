const HEIGHTS = '▁▂▃▄▅▆▇█'

/**
 * Values from left to right, each character with the height of the highest of its values. Nothing and 0 are blank.
 * @param values 0 or more; `null`: none
 * @param max the value of the full height
 */
export function sparkline(values: readonly (number | null)[], max: number, columns: number): string {
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns)
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns))
    const value = values.slice(from, to).reduce<number>((highest, one) => Math.max(highest, one ?? 0), 0)
    return value === 0 ? ' ' : (HEIGHTS[Math.ceil((value / max) * HEIGHTS.length) - 1] ?? '▁')
  }).join('')
}
