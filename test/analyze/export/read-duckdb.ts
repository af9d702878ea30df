import { DuckDBInstance, DuckDBTimestampNanosecondsValue } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import { Table, WriterPropertiesBuilder, readParquet as readParquetInRust, writeParquet } from 'parquet-wasm'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

/** What DuckDB found: integers and times (ns) as bigint. */
export interface Found {
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly rows: unknown[][]
}

/** Runs SQL in DuckDB, which shares no code with what writes the files. */
export async function queryDuckdb(sql: string): Promise<Found> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll(sql)
    const rows = reader.getRows().map((row) => row.map(plainValue))
    return { names: reader.columnNames(), types: reader.columnTypes().map(String), rows }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

export function readParquet(path: string): Promise<Found> {
  return queryDuckdb(`SELECT * FROM read_parquet('${path}', hive_partitioning = false)`)
}

/** Reads Parquet with the Rust implementation of Arrow. It checks the lengths of pages that DuckDB does not look at. */
export function readParquetWithArrowRs(path: string): unknown[][] {
  const table = tableFromIPC(readParquetInRust(readFileSync(path)).intoIPCStream())
  const columns = table.schema.fields.map((field, i) => {
    const column = table.getChildAt(i)
    return Array.from({ length: table.numRows }, (_, row) => plainArrowValue(column?.get(row), String(field.type)))
  })
  return Array.from({ length: table.numRows }, (_, row) => columns.map((column) => column[row]))
}

/** apache-arrow returns timestamps as ms with a fraction, which is not exact: tests read `started_ns`. */
function plainArrowValue(value: unknown, type: string): unknown {
  return type.startsWith('Timestamp') ? null : plainValue(value)
}

/**
 * Reads an Arrow IPC stream with the Rust implementation of Arrow, which is in parquet-wasm, and with DuckDB what that
 * makes of it: both share no code with apache-arrow.
 */
export async function readArrowStream(bytes: Uint8Array): Promise<Found> {
  const path = join(makeTemporaryDirectory(), 'arrow.parquet')
  writeFileSync(path, writeParquet(Table.fromIPCStream(bytes), new WriterPropertiesBuilder().build()))
  return readParquet(path)
}

/** An Arrow file is a stream between its first 8 bytes and its footer. */
export function readArrowFile(bytes: Uint8Array): Promise<Found> {
  return readArrowStream(bytes.subarray(8))
}

export function plainValue(value: unknown): unknown {
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
}
