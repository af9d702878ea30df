import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { Table, WriterPropertiesBuilder, readParquet as readParquetInRust, writeParquet } from 'parquet-wasm'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { foundOfArrow } from './apache-arrow.js'
import { readParquet, type FoundWithTypes } from './duckdb.js'
import type { Found } from './found.js'

/** Reads Parquet with the Rust implementation of Arrow. It checks the lengths of pages, unlike DuckDB. */
export function readParquetWithArrowRs(path: string): Found {
  return foundOfArrow(tableFromIPC(readParquetInRust(readFileSync(path)).intoIPCStream()))
}

/**
 * Reads an Arrow IPC stream with the Rust implementation of Arrow, in parquet-wasm. It converts the stream to Parquet,
 * which DuckDB reads. Both share no code with apache-arrow.
 */
export async function readArrowStream(bytes: Uint8Array): Promise<FoundWithTypes> {
  const path = join(makeTemporaryDirectory(), 'arrow.parquet')
  writeFileSync(path, writeParquet(Table.fromIPCStream(bytes), new WriterPropertiesBuilder().build()))
  return readParquet(path)
}

/** An Arrow file contains a stream between its first 8 bytes and its footer. */
export function readArrowFile(bytes: Uint8Array): Promise<FoundWithTypes> {
  return readArrowStream(bytes.subarray(8))
}
