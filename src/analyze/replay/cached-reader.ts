import type { Database } from 'better-sqlite3'

/** A value from SQLite; integers are bigints. */
export type CachedCell = string | bigint | null

/** Limit of cached rows of a dictionary. */
const MAX_KEPT = 65_536

/** Converts and caches the row that `sql` finds by its id. @returns a function that returns `null` for a missing row */
export function createCachedReader<T>(
  db: Database,
  sql: string,
  make: (cells: readonly CachedCell[]) => T,
): (id: number) => T | null {
  const select = db.prepare(sql).raw().safeIntegers()
  const kept = new Map<number, T | null>()
  return (id) => {
    const known = kept.get(id)
    if (known !== undefined) return known
    if (kept.size >= MAX_KEPT) kept.clear()
    const cells = select.get(id) as CachedCell[] | undefined
    const value = cells === undefined ? null : make(cells)
    kept.set(id, value)
    return value
  }
}

export function textOrNull(cell: CachedCell | undefined): string | null {
  return cell === null || cell === undefined ? null : String(cell)
}
