import type { Database } from 'better-sqlite3'
import { boundedText } from '../analyze/scan/row-reader.js'
import { putInt64, putIsNull, putString, putUuid } from '../clickhouse/row-binary.js'
import type { CopiedTable } from '../fleet/trace-tables.js'
import { createByteBuffer, writtenBytes, type ByteBuffer } from '../sums/byte-buffer.js'
import { damagedTrace } from '../store/check-trace.js'

/** Longer than any text that a recorder writes */
const MAX_TEXT_BYTES = 1 << 20

/** A value of a trace, as better-sqlite3 returns it with 64-bit integers. */
export type PushedCell = bigint | string | Buffer | null

/** Rows of a table, encoded for an insert. */
export interface EncodedRows {
  readonly table: CopiedTable
  readonly buffer: ByteBuffer
  rowCount: number
}

/** The session that rows belong to: their key in the fleet. */
export interface SessionName {
  readonly host: string
  readonly uuid: string
}

export function createEncodedRows(table: CopiedTable): EncodedRows {
  return { table, buffer: createByteBuffer(4096), rowCount: 0 }
}

/** SQL for the copied columns of a table, in the order that `putRow` takes. */
export function selectCopied({ source, copied }: CopiedTable): string {
  const columns = copied.map(({ name, kind }) => (kind.startsWith('text') ? boundedText(name, MAX_TEXT_BYTES) : name))
  return `SELECT ${columns.join(', ')} FROM ${source}`
}

/** Iterates over rows of a statement that `selectCopied` begins. */
export function iterateCopied(
  db: Database,
  sql: string,
  ...parameters: readonly (number | string)[]
): IterableIterator<PushedCell[]> {
  return db
    .prepare(sql)
    .raw()
    .safeIntegers()
    .iterate(...parameters) as IterableIterator<PushedCell[]>
}

/**
 * Adds a row.
 * @param path of the trace, for errors
 * @returns the bytes of the row, valid until the next row
 * @throws E_DAMAGED_TRACE for NULL in a column that has none
 */
export function putRow(
  rows: EncodedRows,
  { host, uuid }: SessionName,
  row: readonly PushedCell[],
  path: string,
): Uint8Array {
  const { buffer, table } = rows
  const from = buffer.length
  putString(buffer, host)
  putUuid(buffer, uuid)
  for (const [i, { name, kind }] of table.copied.entries()) {
    const value = row[i] ?? null
    if (kind.endsWith('?')) putIsNull(buffer, value === null)
    else if (value === null) throw damagedTrace(path, new Error(`${name} of ${table.source} is NULL`))
    if (value === null) continue
    if (typeof value === 'bigint') putInt64(buffer, value)
    else putString(buffer, value)
  }
  rows.rowCount++
  return writtenBytes(buffer).subarray(from)
}

/** Removes the row that was added last. */
export function dropRow(rows: EncodedRows, bytes: Uint8Array): void {
  rows.buffer.length -= bytes.length
  rows.rowCount--
}
