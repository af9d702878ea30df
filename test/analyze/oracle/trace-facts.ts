import Database from 'better-sqlite3'

/** The first row of each process. Attempts that were written together are not in the order in which they began. */
const PROCESSES = `
  SELECT session_id, pid, process_start_ns, comm, exe, ifnull(user, CAST(uid AS TEXT))
  FROM process JOIN (SELECT min(process_id) AS process_id FROM process GROUP BY session_id, pid, process_start_ns)
    USING (process_id)`

/**
 * A clock that is set divides a session. An attempt may have begun just before its session; a killed session ends with
 * its last write.
 */
const RANGES = `
  WITH batches AS (
      SELECT session_id, min(min_started_ns) AS first_ns, max(max_started_ns) AS last_ns, max(written_ns) AS written_ns
      FROM batch GROUP BY session_id),
    ends AS (
      SELECT session_id, min(0, ifnull(first_ns, 0)) AS begin_ns,
        max(coalesce(duration_ns, written_ns, 0), ifnull(last_ns + 1, 0)) AS end_ns
      FROM session LEFT JOIN batches USING (session_id))
  SELECT session_id,
    unix_offset_ns + iif(row_number() OVER one = 1, begin_ns, since_ns),
    unix_offset_ns + min(end_ns, ifnull(lead(since_ns) OVER one, end_ns))
  FROM clock_offset JOIN ends USING (session_id)
  WINDOW one AS (PARTITION BY session_id ORDER BY since_ns)`

/** The last wall clock offset before a lookup. */
const LOOKUPS = `
  SELECT l.session_id, started_ns + (SELECT unix_offset_ns FROM clock_offset AS o
      WHERE o.session_id = l.session_id AND o.since_ns <= l.started_ns ORDER BY o.since_ns DESC LIMIT 1),
    latency_ns, dns_name, rcode, is_truncated, path
  FROM dns_lookup AS l JOIN dns_name USING (dns_name_id) LEFT JOIN cgroup USING (cgroup_id)`

const ADDRESSES = 'SELECT session_id, dns_name, address FROM dns_address JOIN dns_name USING (dns_name_id)'

const SESSIONS = `SELECT session_id, dns_source, has_local_errors, dns_lost_count, dns_malformed_count, dns_evicted_count
  FROM session`

type Fact = string | bigint | null

/**
 * Facts that a Parquet file lacks: the first names of processes, the recorded time, also without attempts, and DNS data
 * without attempts.
 * @returns SQL that creates the tables `all_processes`, `all_ranges`, `all_lookups`, `all_addresses` and
 *   `all_dns_sessions`
 */
export function readFacts(trace: string): string[] {
  const db = new Database(trace, { readonly: true })
  const read = (sql: string) => db.prepare(sql).raw().safeIntegers().all() as Fact[][]
  const process = ['session_id', 'pid', 'process_start_ns', 'recorded_comm', 'recorded_exe', 'recorded_user']
  const lookup = ['session_id', 'started_ns', 'latency_ns', 'dns_name', 'rcode', 'is_truncated', 'cgroup']
  const session = ['session_id', 'dns_source', 'has_local_errors', 'lost', 'malformed', 'evicted']
  try {
    return [
      ...createTable('all_processes', process, read(PROCESSES)),
      ...createTable('all_ranges', ['session_id', 'from_ns', 'to_ns'], read(RANGES)),
      ...createTable('all_lookups', lookup, read(LOOKUPS)),
      ...createTable('all_addresses', ['session_id', 'dns_name', 'address'], read(ADDRESSES)),
      ...createTable('all_dns_sessions', session, read(SESSIONS)),
    ]
  } finally {
    db.close()
  }
}

const TEXTS = ['recorded_comm', 'recorded_exe', 'recorded_user', 'dns_name', 'cgroup', 'address', 'dns_source']

/** A trace may have no rows of a kind. */
function createTable(name: string, columns: readonly string[], rows: readonly Fact[][]): string[] {
  const typed = columns.map((column) => `${column} ${TEXTS.includes(column) ? 'VARCHAR' : 'BIGINT'}`)
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`)
  const insert = `INSERT INTO ${name} VALUES ${values.join(', ')}`
  return [`CREATE TABLE ${name} (${typed.join(', ')})`, ...(rows.length > 0 ? [insert] : [])]
}

function literal(value: Fact): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
}
