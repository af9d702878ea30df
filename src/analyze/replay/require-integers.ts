import type { Cell } from './cached-reader.js'

/**
 * A cell that every recorder fills with an integer.
 * @throws for what a damaged file has instead
 */
export function integerOf(cell: Cell | undefined): number {
  if (typeof cell !== 'bigint') throw new Error(`${String(cell)} stands where an integer should`)
  return Number(cell)
}

/** Likewise, where a recorder may not have known it. */
export function integerOrNull(cell: Cell | undefined): number | null {
  return cell === null ? null : integerOf(cell)
}

/**
 * The values of a row that holds nothing but integers and NULL.
 * @throws for what a damaged file has instead
 */
export function requireIntegers<Row extends readonly (number | null)[]>(row: unknown): Row {
  const values = row as Row
  for (const value of values) {
    if (value !== null && !Number.isInteger(value)) throw new Error('a row of integers holds something else')
  }
  return values
}
