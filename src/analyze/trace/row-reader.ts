import type { Database } from 'better-sqlite3'
import type { Value } from '../result/result.js'

/** Tables of things that attempts refer to by id. */
export type DictionaryTable = 'process' | 'endpoint' | 'cgroup' | 'dns_name'

/** Reads columns of single rows by id. A row that is missing, as only a damaged file misses one, is all `null`. */
export function createRowReader(
  db: Database,
  table: DictionaryTable,
  columns: readonly string[],
): (id: number) => readonly Value[] {
  const statement = db.prepare(`SELECT ${columns.join(', ')} FROM ${table} WHERE ${table}_id = ?`).raw()
  const missing = columns.map(() => null)
  return (id) => (statement.get(id) as Value[] | undefined) ?? missing
}
