/** Columns of the tables that readers query. docs/format.md describes them. */
export interface TraceSchema {
  session: SessionTable
  clock_offset: { session_id: number; since_ns: number; unix_offset_ns: number }
  endpoint: { endpoint_id: number; family: number; remote_address: string; remote_port: number }
  connect_attempt: {
    attempt_id: number
    session_id: number
    started_ns: number
    latency_ns: number | null
    outcome: number
    syn_retransmits: number | null
    flags: number
    endpoint_id: number
  }
  batch: {
    session_id: number
    first_attempt_id: number
    attempt_count: number
    written_ns: number
    min_started_ns: number | null
    max_started_ns: number | null
    lost_ring_full_count: number
    lost_map_full_count: number
    lost_writer_behind_count: number
    lost_missed_count: number
    /** since version 4 */
    lost_skipped_count: number
  }
  latency_window: FlagCounts & {
    window_id: number
    session_id: number
    first_attempt_id: number
    last_attempt_id: number
    min_started_ns: number
    max_started_ns: number
  }
  /** since version 2 */
  window_sums: { window_id: number; dimension: string; sums: Uint8Array }
  /** since version 2 */
  window_rollup: { first_window_id: number; last_window_id: number; dimension: string; sums: Uint8Array }
  dns_name: { dns_name_id: number; dns_name: string }
  connect_dns: { attempt_id: number; dns_name_id: number }
  cgroup: {
    cgroup_id: number
    path: string | null
    /** since version 8 */
    container_key: number | null
  }
  /** since version 8 */
  container: { container_key: number; session_id: number; container_id: string; container_name: string | null }
  /** since version 8 */
  container_address: {
    session_id: number
    address: string
    since_ns: number
    until_ns: number | null
    container_key: number
  }
  /** since version 3 */
  dns_lookup: {
    session_id: number
    started_ns: number
    latency_ns: number | null
    dns_name_id: number
    rcode: number | null
    cgroup_id: number | null
    /** since version 5 */
    is_truncated: number | null
  }
  /** since version 3 */
  dns_address: { session_id: number; dns_name_id: number; address: string }
  sqlite_schema: { type: string; name: string; sql: string | null }
}

export interface FlagCounts {
  ipv4_mapped: number
  fast_open: number
  mptcp: number
  kernel_thread: number
  no_syn: number
  simultaneous_open: number
  /** since version 4 */
  inexact: number
}

interface SessionTable {
  session_id: number
  host: string
  boot_id: string
  kernel: string
  machine: string
  tool_version: string
  command_line: string
  filters: string
  recorder_pid: number
  recorder_start_ticks: number
  started_unix_ns: number
  duration_ns: number | null
  end_reason: string | null
  kernel_attempts_min: number | null
  kernel_attempts_max: number | null
  comparable_attempts: number | null
  uncomparable_attempts: number | null
  /** the next ones since version 3 */
  dns_source: string | null
  has_local_errors: number
  dns_lost_count: number
  dns_malformed_count: number
  dns_evicted_count: number
  /** the next ones since version 4 */
  skipped_run_count: number | null
  uncovered_run_count: number | null
  lost_process_count: number
  /** since version 5 */
  limits: string | null
  /** since version 6 */
  dns_ports: string | null
  rotation_base: string | null
  /** the next ones since version 8 */
  sharing: string | null
  has_nat: number
  nat_lost_count: number
}
