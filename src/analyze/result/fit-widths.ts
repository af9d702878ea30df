/** Texts are cut no shorter than this, however narrow the terminal. */
const MIN_TEXT_WIDTH = 12

/**
 * Makes columns fit by taking from the widest text columns, evenly. What does not fit then stays too wide: no column is
 * dropped.
 * @param widths cells that each column wants
 * @param isText which of them may be cut
 * @param total cells that all of them may take together
 */
export function fitWidths(widths: readonly number[], isText: readonly boolean[], total: number): number[] {
  const fitted = [...widths]
  const excess = widths.reduce((sum, width) => sum + width, 0) - total
  for (let taken = 0; taken < excess; taken++) {
    const texts = fitted.map((width, i) => (isText[i] ? width : 0))
    const widest = Math.max(...texts)
    if (widest <= MIN_TEXT_WIDTH) break
    fitted[texts.indexOf(widest)] = widest - 1
  }
  return fitted
}
