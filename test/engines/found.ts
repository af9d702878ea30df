/** The content of a file as an engine reads it: integers and times (ns since 1970) as bigint, NULL as `null`. */
export interface Found {
  readonly names: readonly string[]
  readonly rows: unknown[][]
}

/** Numbers without a fraction become bigint, whatever their type in an engine. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  return value === undefined ? null : value
}

/** Rows of columns of equal length. */
export function rowsOf(columns: readonly (readonly unknown[])[]): unknown[][] {
  return Array.from({ length: columns[0]?.length ?? 0 }, (_, row) => columns.map((column) => plainValue(column[row])))
}
