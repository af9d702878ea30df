import { KEY, PUSHED_BY, type FleetColumn, type FleetTable } from './fleet-table.js'

/** A table of the trace, and its copy in the fleet: the same columns with the same ids and units. */
interface TraceTable {
  /** Table of the trace; that of the fleet is `trace_` and this name */
  readonly source: string
  /** Names, with the types of texts and blobs; `?`: NULL is possible */
  readonly columns: string
  /** Key of the trace's table */
  readonly key: readonly string[]
  readonly isExpiring?: true
}

/**
 * All tables of a trace that the fleet has beside the attempts. The columns are those of docs/format.md. Rows whose names become known
 * later are pushed again: the newest one wins. The host of a session is part of the key of every table.
 */
const TRACE_TABLES = [
  {
    source: 'session',
    key: ['session_id'],
    columns: `session_id boot_id:text kernel:text machine:text tool_version:text command_line:text filters:text recorder_pid
      recorder_start_ticks ring_bytes started_unix_ns duration_ns? end_reason:text? lost_ring_full_count
      lost_map_full_count lost_writer_behind_count lost_missed_count kernel_attempts_min? kernel_attempts_max?
      comparable_attempts? uncomparable_attempts? dns_source:text? has_local_errors dns_lost_count
      dns_malformed_count dns_evicted_count skipped_run_count? uncovered_run_count? lost_process_count
      lost_skipped_count limits:text? dns_ports:text? rotation_base:text? sharing:text? has_nat nat_lost_count`,
  },
  {
    source: 'clock_offset',
    key: ['session_id', 'since_ns'],
    columns: 'session_id since_ns unix_offset_ns',
  },
  {
    source: 'process',
    key: ['process_id'],
    columns: `process_id session_id pid? process_start_ns? comm:text? exe:text? uid? user:text? cgroup_id? netns? mntns?
      netns_cookie? has_host_root? has_host_netns?`,
  },
  {
    source: 'cgroup',
    key: ['cgroup_id'],
    columns: 'cgroup_id session_id kernel_cgroup_id path:text? container:text? container_key?',
  },
  {
    source: 'container',
    key: ['container_key'],
    columns: `container_key session_id container_id:text runtime_name:text? container_name:text? container_image:text?
      pod_name:text? pod_namespace:text? pod_uid:text? pod_container_name:text?
      has_own_networks`,
  },
  {
    source: 'container_address',
    key: ['session_id', 'address', 'since_ns'],
    columns: 'session_id address:text since_ns until_ns? container_key',
  },
  {
    source: 'endpoint',
    key: ['endpoint_id'],
    columns: 'endpoint_id family address:blob remote_address:text remote_port',
  },
  {
    source: 'local_address',
    key: ['local_address_id'],
    columns: 'local_address_id address:blob local_address:text?',
  },
  {
    source: 'dns_name',
    key: ['dns_name_id'],
    columns: 'dns_name_id dns_name:text',
  },
  {
    source: 'dns_lookup',
    key: ['lookup_id'],
    isExpiring: true,
    columns: `lookup_id session_id started_ns latency_ns? dns_name_id query_type? rcode? address_count cgroup_id? netns?
      is_truncated? netns_cookie?`,
  },
  {
    source: 'dns_address',
    key: ['session_id', 'dns_name_id', 'address'],
    columns: 'session_id dns_name_id address:text',
  },
  {
    source: 'batch',
    key: ['batch_id'],
    columns: `batch_id session_id first_attempt_id attempt_count written_ns min_started_ns? max_started_ns?
      lost_ring_full_count lost_map_full_count lost_writer_behind_count lost_missed_count lost_skipped_count`,
  },
  {
    source: 'latency_window',
    key: ['window_id'],
    columns: `window_id session_id first_attempt_id last_attempt_id min_started_ns max_started_ns ipv4_mapped fast_open
      mptcp kernel_thread no_syn simultaneous_open inexact`,
  },
  {
    source: 'window_sums',
    key: ['window_id', 'dimension'],
    columns: 'window_id dimension:text sums:blob',
  },
  {
    source: 'window_rollup',
    key: ['first_window_id', 'last_window_id', 'dimension'],
    columns: 'first_window_id last_window_id dimension:text sums:blob',
  },
] as const satisfies readonly TraceTable[]

export type TraceTableName = (typeof TRACE_TABLES)[number]['source']

/** Types of SQLite's columns in a trace; `?`: NULL is possible. */
export type Kind = 'integer' | 'integer?' | 'text' | 'text?' | 'blob'

const TYPES: Readonly<Record<Kind, string>> = {
  integer: 'Int64',
  'integer?': 'Nullable(Int64)',
  text: 'String',
  'text?': 'Nullable(String)',
  blob: 'String',
}
const CODECS: Readonly<Record<Kind, string>> = {
  integer: 'Delta, ZSTD(1)',
  'integer?': 'T64, ZSTD(1)',
  text: 'ZSTD(1)',
  'text?': 'ZSTD(1)',
  // Compressed already.
  blob: 'LZ4',
}

const PUSHED_UNIX_NS: FleetColumn = {
  name: 'pushed_unix_ns',
  type: 'Int64',
  codec: 'Delta, ZSTD(1)',
  computed: { as: 'MATERIALIZED', expression: 'toUnixTimestamp64Nano(now64(9))' },
  comment: 'when the row was pushed, by the clock of the server; the newest one counts',
}

/**
 * How far a session is on the server: everything up to these ids is there, also what a user of the server removed or `--ttl` has expired
 * since. A push writes this row last, so readers that stop at these ids see one state of the session.
 */
const PROGRESS_COLUMNS = [
  { name: 'format_version', type: 'Int64', comment: 'format version of the trace' },
  { name: 'pushed_attempt_id', type: 'Int64', comment: 'highest attempt_id that was pushed; 0: none' },
  { name: 'pushed_batch_id', type: 'Int64', comment: 'highest batch_id that was pushed; 0: none' },
  { name: 'pushed_window_id', type: 'Int64', comment: 'highest window_id that was pushed, with its sums; 0: none' },
  { name: 'pushed_lookup_id', type: 'Int64', comment: 'highest lookup_id that was pushed; 0: none' },
  { name: 'is_whole', type: 'UInt8', comment: '1: the session is over, and all of it was pushed' },
] as const satisfies readonly FleetColumn[]

/** A table of the fleet with the columns of a table of the trace. */
export interface CopiedTable extends FleetTable {
  /** Table of the trace */
  readonly source: string
  /** Columns of the trace's table, without the host of a session */
  readonly copied: readonly { readonly name: string; readonly kind: Kind }[]
}

function copiedTable({ source, columns, key, isExpiring }: TraceTable): CopiedTable {
  const copied = readColumns(columns)
  return {
    source,
    copied,
    name: `trace_${source}`,
    columns: [
      ...KEY,
      ...copied.map(({ name, kind }) => ({
        name,
        type: TYPES[kind],
        codec: CODECS[kind],
        comment: `${source}.${name} of the trace`,
      })),
      ...(source === 'session' ? PROGRESS_COLUMNS : []),
      PUSHED_UNIX_NS,
      PUSHED_BY,
    ],
    key: ['host', 'session_uuid', ...key],
    // A UUID of version 7 begins with the start of the session.
    partition: 'toYYYYMM(UUIDv7ToDateTime(session_uuid))',
    version: PUSHED_UNIX_NS.name,
    ...(isExpiring ? { expires: 'toDateTime(intDiv(pushed_unix_ns, 1000000000))' } : {}),
  }
}

/** Tables of the fleet by the name of the trace's table. */
export const FLEET_TABLES = Object.fromEntries(
  TRACE_TABLES.map((table) => [table.source, copiedTable(table)]),
) as unknown as Readonly<Record<TraceTableName, CopiedTable>>

function readColumns(columns: string): { readonly name: string; readonly kind: Kind }[] {
  return columns.split(/\s+/).map((column) => {
    const [, name = '', kind = 'integer', isNullable = ''] = /^(\w+)(?::(\w+))?(\?)?$/.exec(column) ?? []
    return { name, kind: `${kind}${isNullable}` as Kind }
  })
}
