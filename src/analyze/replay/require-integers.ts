import type { CachedCell } from './cached-reader.js'

/**
 * Reads a value that is always an integer.
 * @throws for other values, which only damaged files contain
 */
export function integerOf(cell: CachedCell | undefined): number {
  if (typeof cell !== 'bigint') throw new Error(`${String(cell)} stands where an integer should`)
  return Number(cell)
}

/** The same for a value that may be NULL. */
export function integerOrNull(cell: CachedCell | undefined): number | null {
  return cell === null ? null : integerOf(cell)
}

/**
 * The values of a row of integers and NULL.
 * @throws for other values, which only damaged files contain
 */
export function requireIntegers<Row extends readonly (number | null)[]>(row: unknown): Row {
  const values = row as Row
  for (const value of values) {
    if (value !== null && !Number.isInteger(value)) throw new Error('a row of integers holds something else')
  }
  return values
}
