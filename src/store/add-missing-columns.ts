import type { Database } from 'better-sqlite3'

/** Columns added by format versions, by table, with their values for an older trace. */
const ADDED: readonly { version: number; tables: Readonly<Record<string, string>> }[] = [
  {
    version: 3,
    tables: {
      session:
        'NULL AS dns_source, 0 AS has_local_errors, 0 AS dns_lost_count, 0 AS dns_malformed_count, 0 AS dns_evicted_count',
      cgroup: 'NULL AS container',
      connect_dns: 'NULL AS dns_lookup_ns, NULL AS dns_candidates',
    },
  },
  {
    version: 4,
    tables: {
      session:
        'NULL AS skipped_run_count, NULL AS uncovered_run_count, 0 AS lost_process_count, 0 AS lost_skipped_count',
      batch: '0 AS lost_skipped_count',
      latency_window: '0 AS inexact',
    },
  },
  { version: 5, tables: { session: 'NULL AS limits', dns_lookup: 'NULL AS is_truncated' } },
  {
    version: 6,
    tables: {
      session: 'NULL AS dns_ports',
      process: 'NULL AS netns_cookie, NULL AS has_host_root',
      dns_lookup: 'NULL AS netns_cookie',
    },
  },
  { version: 7, tables: { session: 'NULL AS rotation_base' } },
  {
    version: 8,
    tables: {
      session: 'NULL AS sharing, 0 AS has_nat, 0 AS nat_lost_count',
      process: 'NULL AS has_host_netns',
      cgroup: 'NULL AS container_key',
    },
  },
]

/** Tables added by a format version, with their columns; empty for an older trace. */
const ADDED_TABLES: Readonly<Record<string, { since: number; columns: string }>> = {
  dns_lookup: {
    since: 3,
    columns:
      'lookup_id session_id started_ns latency_ns dns_name_id query_type rcode address_count cgroup_id netns is_truncated netns_cookie',
  },
  dns_address: { since: 3, columns: 'session_id dns_name_id address' },
  container: {
    since: 8,
    columns:
      'container_key session_id container_id runtime_name container_name container_image pod_name pod_namespace pod_uid pod_container_name has_own_networks',
  },
  container_address: { since: 8, columns: 'session_id address since_ns until_ns container_key' },
  connect_nat: { since: 8, columns: 'attempt_id nat_endpoint_id service_endpoint_id' },
}

/**
 * Creates temporary views over the tables of an older trace, so that readers find the tables and columns of the current
 * version. The file is not changed. Call before `query_only` makes the connection read-only.
 */
export function addMissingColumns(db: Database): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version === 0) return
  const columns = new Map<string, string[]>()
  for (const { tables } of ADDED.filter((added) => version < added.version)) {
    for (const [table, added] of Object.entries(tables)) {
      if ((ADDED_TABLES[table]?.since ?? 1) <= version) columns.set(table, [...(columns.get(table) ?? []), added])
    }
  }
  for (const [table, added] of columns) {
    db.exec(`CREATE TEMP VIEW ${table} AS SELECT *, ${added.join(', ')} FROM main.${table}`)
  }
  for (const [table, { since, columns: names }] of Object.entries(ADDED_TABLES)) {
    if (since <= version) continue
    const nulls = names.split(' ').map((name) => `NULL AS ${name}`)
    db.exec(`CREATE TEMP VIEW ${table} AS SELECT ${nulls.join(', ')} WHERE 0`)
  }
}
