import { createRequire } from 'node:module'
import { messageOf, TcpconnError } from '../../base/errors.js'

const PACKAGE = '@duckdb/node-api'
/** What DuckDB may use for itself. Beyond it, it fails or writes into its temporary directory. */
const MEMORY = '512MB'

/** A value of a column: integers of 64 bits as bigint. */
export type DuckCell = string | number | bigint | null | { readonly bytes: Uint8Array }
export type Values = Readonly<Record<string, string | number | bigint>>

/** The used part of a connection of the package, whose types are there only if it is installed. */
interface Connection {
  run(sql: string, values?: Values): Promise<unknown>
  stream(sql: string, values?: Values): Promise<{ yieldRows(): AsyncIterable<DuckCell[][]> }>
  closeSync(): void
}

interface Package {
  readonly DuckDBInstance: {
    create(
      path: string,
      options: Readonly<Record<string, string>>,
    ): Promise<{
      connect(): Promise<Connection>
      closeSync(): void
    }>
  }
}

/** Reads Parquet files. */
export interface Duckdb {
  /** The rows of a query, as they arrive. */
  rows(sql: string, values?: Values): AsyncIterable<DuckCell[][]>
  close(): void
}

/**
 * Opens DuckDB, an optional dependency, in memory. It loads no extension, and cannot open files outside of the two directories. It could
 * write in both: that it writes only its temporary files depends on our statements, which only read.
 * @param directory of copies of files or links to them, and for its temporary files; nothing else may be there
 * @param linked directory of the files that the links point to; without links in its path
 * @throws E_NO_DUCKDB
 */
export async function openDuckdb(directory: string, linked: string | null): Promise<Duckdb> {
  const { DuckDBInstance } = loadPackage()
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: MEMORY,
    threads: '2',
    temp_directory: directory,
  })
  const connection = await instance.connect()
  const directories = [directory, ...(linked === null ? [] : [linked])]
  const quoted = directories.map((one) => `'${one.replaceAll("'", "''")}'`)
  await connection.run(`SET allowed_directories = [${quoted.join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  return {
    async *rows(sql, values) {
      yield* (await connection.stream(sql, values)).yieldRows()
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** Found beside tcpconn, as npm installs it, or in NODE_PATH; never in the current directory. */
function loadPackage(): Package {
  try {
    return createRequire(import.meta.url)(PACKAGE) as Package
  } catch (cause) {
    throw new TcpconnError('E_NO_DUCKDB', {
      what: `reading a data set of Parquet files needs the package ${PACKAGE}`,
      reason: messageOf(cause).split('\n')[0] ?? '',
      hint: `npm install --global ${PACKAGE}, or into another directory and set NODE_PATH to its node_modules`,
      cause,
    })
  }
}
