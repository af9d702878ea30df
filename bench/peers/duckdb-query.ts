/**
 * Runs one SQL statement in DuckDB, in memory, as a process of its own: node duckdb-query.js SQL. Prints the number of
 * rows; with --json after the SQL, the rows as arrays of texts.
 */
import { openDuckdb } from '../../test/engines/duckdb.js'

const [sql = '', format] = process.argv.slice(2)
const { connection } = await openDuckdb()
const rows = await connection.runAndReadAll(sql)
if (format === '--json') console.log(JSON.stringify(rows.getRows().map((row) => row.map(String))))
else console.log(rows.currentRowCount)
