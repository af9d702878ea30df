import type { Database } from 'better-sqlite3'
import type { IdTable } from './column-rules.js'

/** Ids of the rows of one original in the shared trace. */
export interface SharedIds {
  /** The new id of a row */
  of(table: IdTable, id: bigint): bigint
  /** Added to the ids of a table, except those in `changed` */
  offset(table: IdTable): bigint
  /** Rows that are another row of the shared trace now, by table */
  readonly changed: Readonly<Record<IdTable, Map<bigint, bigint>>>
}

const KEYS: Readonly<Record<IdTable, string>> = {
  session: 'session_id',
  process: 'process_id',
  container: 'container_key',
  cgroup: 'cgroup_id',
  endpoint: 'endpoint_id',
  local_address: 'local_address_id',
  dns_name: 'dns_name_id',
  connect_attempt: 'attempt_id',
  latency_window: 'window_id',
}

/** Ids of the first original stay; those of the next ones come after all that are there. */
export function createSharedIds(shared: Database): SharedIds {
  const offsets = Object.fromEntries(
    Object.entries(KEYS).map(([table, key]) => {
      const highest = shared.prepare(`SELECT ifnull(max(${key}), 0) FROM ${table}`).pluck().safeIntegers().get()
      return [table, highest as bigint]
    }),
  ) as Record<IdTable, bigint>
  const changed = Object.fromEntries(Object.keys(KEYS).map((table) => [table, new Map()])) as SharedIds['changed']
  return {
    changed,
    offset: (table) => offsets[table],
    of: (table, id) => changed[table].get(id) ?? id + offsets[table],
  }
}
