import Database from 'better-sqlite3'

/** A row of the view `connects`. */
export interface ConnectRow {
  session_id: number
  started_ns: number
  time: string
  latency_ns: number | null
  outcome: string
  errno: number | null
  syn_retransmits: number
  pid: number
  tid: number
  process_start_ns: number
  comm: string
  exe: string | null
  uid: number
  user: string | null
  cgroup: string | null
  netns: number
  mntns: number | null
  family: number
  local_address: string | null
  local_port: number | null
  remote_address: string
  remote_port: number
  dns_name: string | null
  dns_age_ns: number | null
  dns_lookup_ns: number | null
  dns_candidates: number | null
  container: string | null
  netns_cookie: number | null
  container_id: string | null
  container_name: string | null
  container_image: string | null
  pod_name: string | null
  pod_namespace: string | null
  pod_uid: string | null
  nat_address: string | null
  nat_port: number | null
  service_address: string | null
  service_port: number | null
  remote_container: string | null
  remote_pod: string | null
}

/** The columns of `session` that tests use. */
export interface SessionRow {
  session_id: number
  filters: string
  recorder_pid: number
  duration_ns: number | null
  end_reason: string | null
  lost_ring_full_count: number
  lost_map_full_count: number
  lost_writer_behind_count: number
  readonly lost_missed_count: number
  readonly lost_skipped_count: number
  /** NULL: not counted */
  readonly uncovered_run_count: number | null
  kernel_attempts_min: number | null
  kernel_attempts_max: number | null
  comparable_attempts: number | null
  uncomparable_attempts: number | null
  dns_source: string | null
  dns_ports: string | null
  has_local_errors: number
  has_nat: number
  nat_lost_count: number
  dns_lost_count: number
  dns_malformed_count: number
  dns_evicted_count: number
}

/** Rows of any query. Integers above 2^53 (Unix ns) lose their last digits. */
export function queryTrace<Row>(file: string, sql: string, ...values: readonly unknown[]): Row[] {
  const db = new Database(file, { readonly: true, timeout: 5000 })
  try {
    return db.prepare(sql).all(...values) as Row[]
  } finally {
    db.close()
  }
}

/** The attempts of some processes, sorted by start. */
export function connectsOf(file: string, ...pids: readonly number[]): ConnectRow[] {
  const list = pids.map(() => '?').join(', ')
  return queryTrace(file, `SELECT * FROM connects WHERE pid IN (${list}) ORDER BY started_ns`, ...pids)
}

/** The one attempt of a process. */
export function onlyConnectOf(file: string, pid: number): ConnectRow {
  const rows = connectsOf(file, pid)
  if (rows.length !== 1) throw new Error(`${rows.length} attempts of process ${pid} instead of 1`)
  return rows[0] as ConnectRow
}

/** The flags of a process's attempts, which the view leaves out, sorted by start. */
export function flagsOf(file: string, pid: number): number[] {
  const sql = `SELECT flags FROM connect_attempt JOIN process USING (process_id) WHERE pid = ? ORDER BY started_ns`
  return queryTrace<{ flags: number }>(file, sql, pid).map((row) => row.flags)
}

/** The newest session. */
export function readSession(file: string): SessionRow {
  const [row] = queryTrace<SessionRow>(file, 'SELECT * FROM session ORDER BY session_id DESC LIMIT 1')
  if (!row) throw new Error(`${file} has no session`)
  return row
}
