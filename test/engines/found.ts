/** What an engine found in a file: integers and times (ns since 1970) as bigint, NULL as `null`. */
export interface Found {
  readonly names: readonly string[]
  readonly rows: unknown[][]
}

/** Numbers without a fraction are bigint, whatever type an engine has for them. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  return value === undefined ? null : value
}

/** Rows of columns that are as long as each other. */
export function rowsOf(columns: readonly (readonly unknown[])[]): unknown[][] {
  return Array.from({ length: columns[0]?.length ?? 0 }, (_, row) => columns.map((column) => plainValue(column[row])))
}
