/**
 * Makes columns fit by taking from the widest that may give, evenly.
 * @param widths cells that each column wants
 * @param minima cells that each keeps
 * @param total cells that all of them may take together; they take more where the minima do
 */
export function fitWidths(widths: readonly number[], minima: readonly number[], total: number): number[] {
  const fitted = [...widths]
  const excess = widths.reduce((sum, width) => sum + width, 0) - total
  for (let taken = 0; taken < excess; taken++) {
    const givers = fitted.map((width, i) => (width > (minima[i] as number) ? width : 0))
    const widest = Math.max(...givers)
    if (widest === 0) break
    fitted[givers.indexOf(widest)] = widest - 1
  }
  return fitted
}
