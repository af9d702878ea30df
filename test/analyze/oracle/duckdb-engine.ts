import { duckdbValue, openDuckdb, type Duckdb } from '../../engines/duckdb.js'
import type { Scenario } from './oracle.js'
import type { ExactRow } from './read-exact-json.js'
import { scenarioTables } from './scenario-tables.js'
import { SUBNET_MACROS } from './subnet-macros.js'
import { readFacts } from './trace-facts.js'

/** DuckDB with the Parquet export of a trace. */
export interface Engine {
  /** Creates the tables that oracles read, for the selection of a scenario. */
  focus(scenario: Scenario): Promise<void>
  query(sql: string): Promise<ExactRow[]>
  close(): void
}

/**
 * Opens DuckDB over the export of all sessions of a trace. Oracles read the tables of `scenarioTables`.
 * @param trace the exported file, for facts that the export lacks
 */
export async function openEngine(trace: string, parquet: string): Promise<Engine> {
  const { connection, close } = await openDuckdb({ threads: '1' })
  const tables = [...readFacts(trace), readAttempts(parquet), readSessions(parquet)]
  for (const sql of [...tables, ...SUBNET_MACROS]) await connection.run(sql)
  return {
    async focus(scenario) {
      for (const sql of scenarioTables(scenario)) await connection.run(sql)
    },
    query: (sql) => readRows(connection, sql),
    close,
  }
}

async function readRows(connection: Duckdb['connection'], sql: string): Promise<ExactRow[]> {
  const reader = await connection.runAndReadAll(sql)
  const names = reader.columnNames()
  return reader
    .getRows()
    .map((row) => Object.fromEntries(row.map((value, i) => [names[i], duckdbValue(value)]))) as ExactRow[]
}

/** Export writes sessions and their attempts in the order of the trace. */
function readAttempts(parquet: string): string {
  return `CREATE TABLE all_attempts AS
    SELECT attempts.*, file_row_number AS row, recorded_comm, recorded_exe, recorded_user
    FROM read_parquet('${parquet}', file_row_number = true) AS attempts
      LEFT JOIN all_processes AS process ON process.session_id = attempts.session_id
        AND process.pid IS NOT DISTINCT FROM attempts.pid
        AND process.process_start_ns IS NOT DISTINCT FROM attempts.process_start_ns`
}

/** The metadata of the file has an object for each session. */
function readSessions(parquet: string): string {
  const field = (name: string) => `session->>'${name}' AS ${name}`
  const integer = (name: string) => `(session->>'${name}')::BIGINT AS ${name}`
  return `CREATE TABLE all_sessions AS
    SELECT ${integer('session_id')}, ${field('host')}, ${integer('duration_ns')}, ${integer('lost_attempts')},
      ${field('completeness')}
    FROM (SELECT unnest(decode(value)::JSON->'$.sessions[*]') AS session
      FROM parquet_kv_metadata('${parquet}') WHERE decode(key) = 'tcpconn')`
}
