import { ALL_TABLES, quoteName } from './create-statements.js'
import { HOST_USER_PREFIX } from './fleet-table.js'

const PUSH_ROLE = 'tcpconn_push'
const READ_ROLE = 'tcpconn_read'
/** What a push asks for. */
const RESUME_COLUMNS: Readonly<Record<string, string>> = {
  schema_version: 'version',
  attempts: 'host, session_uuid, attempt_id',
  trace_session: `host, session_uuid, session_id, duration_ns, sharing, pushed_attempt_id, pushed_batch_id, pushed_window_id,
    pushed_lookup_id, is_whole, pushed_unix_ns`,
  trace_window_rollup: 'host, session_uuid, first_window_id, last_window_id, dimension',
}
const OWN_ROWS = `host = substring(currentUser(), ${HOST_USER_PREFIX.length + 1})`

/** Tables with rows of hosts. */
export const HOST_TABLES: readonly string[] = ALL_TABLES.filter(({ key }) => key.includes('host')).map(
  ({ name }) => name,
)

/** The condition of the rows that a host user sees, by table. */
export const HOST_FILTERS: Readonly<Record<string, string>> = Object.fromEntries(
  HOST_TABLES.map((table) => [table, OWN_ROWS]),
)

/** What a host user may do, and nothing else: GRANT statements without TO. */
export function pushGrants(database: string): string[] {
  const inserts = HOST_TABLES.map((table) => `GRANT INSERT ON ${quoteName(database)}.${quoteName(table)}`)
  const selects = Object.entries(RESUME_COLUMNS).map(
    ([table, columns]) =>
      `GRANT SELECT(${columns.replaceAll(/\s+/g, ' ')}) ON ${quoteName(database)}.${quoteName(table)}`,
  )
  return [...inserts, ...selects]
}

/** What a user who only reads may do. */
export function readGrants(database: string): string[] {
  return [`GRANT SELECT ON ${quoteName(database)}.*`]
}

/** Statements for an administrator, who runs them with names and passwords of users: roles, and one user of each kind. */
export function userStatements(database: string): string[] {
  const tables = HOST_TABLES.map((table) => `${quoteName(database)}.${quoteName(table)}`)
  return [
    `CREATE ROLE IF NOT EXISTS ${PUSH_ROLE}, ${READ_ROLE}`,
    ...pushGrants(database).map((grant) => `${grant} TO ${PUSH_ROLE}`),
    ...readGrants(database).map((grant) => `${grant} TO ${READ_ROLE}`),
    ...tables.map((table) => `CREATE ROW POLICY IF NOT EXISTS own_host ON ${table} USING ${OWN_ROWS} TO ${PUSH_ROLE}`),
    ...tables.map(
      (table) => `CREATE ROW POLICY IF NOT EXISTS all_hosts ON ${table} USING 1 TO ALL EXCEPT ${PUSH_ROLE}`,
    ),
    `CREATE USER IF NOT EXISTS ${quoteName(`${HOST_USER_PREFIX}web1`)} IDENTIFIED WITH sha256_password BY 'PASSWORD' DEFAULT ROLE ${PUSH_ROLE}`,
    `GRANT ${PUSH_ROLE} TO ${quoteName(`${HOST_USER_PREFIX}web1`)}`,
    `CREATE USER IF NOT EXISTS analyst IDENTIFIED WITH sha256_password BY 'PASSWORD' DEFAULT ROLE ${READ_ROLE}`,
    `GRANT ${READ_ROLE} TO analyst`,
  ]
}
