import type { Database } from 'better-sqlite3'
import type { Value } from '../result/result.js'

/** Tables of things that attempts refer to by id. */
export type DictionaryTable = 'process' | 'endpoint' | 'cgroup' | 'dns_name'

/** Longer than any name: a path is at most 4096 bytes. */
const MAX_TEXT_BYTES = 8192

/**
 * SQL for a column whose text may be absurdly long in a file of a stranger. `octet_length` does not read it, as `substr`
 * would.
 */
export function boundedText(column: string, maxBytes = MAX_TEXT_BYTES): string {
  return `CASE WHEN octet_length(${column}) > ${maxBytes} THEN '(' || octet_length(${column}) || ' bytes)' ELSE ${column} END`
}

/**
 * Reads columns of single rows by id, integers as `exactValue` gives them: a process may start 104 days after the boot, which
 * is beyond 2^53 ns. A row that is missing, as only a damaged file misses one, is all `null`.
 */
export function createRowReader(
  db: Database,
  table: DictionaryTable,
  columns: readonly string[],
): (id: number) => readonly Value[] {
  const statement = db
    .prepare(`SELECT ${columns.map((column) => boundedText(column)).join(', ')} FROM ${table} WHERE ${table}_id = ?`)
    .raw()
    .safeIntegers()
  const missing = columns.map(() => null)
  return (id) => (statement.get(id) as Value[] | undefined)?.map(exactValue) ?? missing
}

/** An integer that a double holds becomes one, others stay as they are: equal values are equal keys. */
export function exactValue(value: Value): Value {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}
