/** Runs one SQL statement in DuckDB, in memory, as a process of its own: node duckdb-query.js SQL. Prints the number of rows. */
import { DuckDBInstance } from '@duckdb/node-api'

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const rows = await connection.runAndReadAll(process.argv[2] ?? '')
console.log(rows.currentRowCount)
