import { DuckDBInstance, DuckDBTimestampNanosecondsValue, type DuckDBConnection } from '@duckdb/node-api'
import { plainValue, type Found } from './found.js'

/** A result of DuckDB, with its types. */
export interface FoundWithTypes extends Found {
  readonly types: readonly string[]
}

/** Opens a database in memory. */
export interface Duckdb {
  readonly connection: DuckDBConnection
  close(): void
}

export async function openDuckdb(options: Readonly<Record<string, string>> = {}): Promise<Duckdb> {
  const instance = await DuckDBInstance.create(':memory:', options)
  const connection = await instance.connect()
  return {
    connection,
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** Runs SQL in DuckDB, which shares no code with the writers of the files. */
export async function queryDuckdb(sql: string): Promise<FoundWithTypes> {
  const { connection, close } = await openDuckdb()
  try {
    const reader = await connection.runAndReadAll(sql)
    const rows = reader.getRows().map((row) => row.map(duckdbValue))
    return { names: reader.columnNames(), types: reader.columnTypes().map(String), rows }
  } finally {
    close()
  }
}

export function readParquet(path: string): Promise<FoundWithTypes> {
  return queryDuckdb(`SELECT * FROM read_parquet('${path.replaceAll("'", "''")}', hive_partitioning = false)`)
}

export function duckdbValue(value: unknown): unknown {
  return value instanceof DuckDBTimestampNanosecondsValue ? value.nanos : plainValue(value)
}
