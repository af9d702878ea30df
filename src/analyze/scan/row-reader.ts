import type { Database } from 'better-sqlite3'
import type { Value } from '../result/result.js'
import { prepareOnce } from './query-builder.js'

/** Tables that attempts refer to by id. */
export type DictionaryTable = 'process' | 'endpoint' | 'cgroup' | 'container' | 'dns_name'

/** The view names the runtime's id of a container `container_id`. */
const keyOf = (table: DictionaryTable) => (table === 'container' ? 'container_key' : `${table}_id`)

/** Longer than any name: a path has at most 4096 bytes. */
const MAX_TEXT_BYTES = 8192

/**
 * SQL for a column whose text may have any length in an untrusted file. Unlike `substr`, `octet_length` does not read it.
 */
export function boundedText(column: string, maxBytes = MAX_TEXT_BYTES): string {
  return `CASE WHEN octet_length(${column}) > ${maxBytes} THEN '(' || octet_length(${column}) || ' bytes)' ELSE ${column} END`
}

/**
 * Reads columns of single rows by id. Integers are as returned by `exactValue`: 104 days after boot, process start times exceed
 * 2^53 ns. The columns of a missing row, in a damaged file, are `null`.
 */
export function createRowReader(
  db: Database,
  table: DictionaryTable,
  columns: readonly string[],
): (id: number) => readonly Value[] {
  const selected = columns.map((column) => boundedText(column)).join(', ')
  const statement = prepareOnce(db, `SELECT ${selected} FROM ${table} WHERE ${keyOf(table)} = ?`, 'exact arrays')
  const missing = columns.map(() => null)
  return (id) => (statement.get(id) as Value[] | undefined)?.map(exactValue) ?? missing
}

/** Converts an integer to a number if that is exact, so that equal values are equal keys. */
export function exactValue(value: Value): Value {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}
