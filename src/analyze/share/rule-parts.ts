import type { IdTable } from './column-rules.js'

/** Keys of rows, which get other ids. */
export const ID = Object.fromEntries(
  [
    'session',
    'process',
    'container',
    'cgroup',
    'endpoint',
    'local_address',
    'dns_name',
    'connect_attempt',
    'latency_window',
  ].map((table) => [table, { id: table }]),
) as Record<IdTable, { id: IdTable }>
/** Names of containers, pods and units. */
export const CONTAINER = { field: 'container', as: 'container' } as const
/** ns since the session began. */
export const TIME = { field: 'time', as: 'time' } as const
/** Counts of lost attempts. */
export const LOSS = {
  lost_ring_full_count: 'kept',
  lost_map_full_count: 'kept',
  lost_writer_behind_count: 'kept',
  lost_missed_count: 'kept',
  lost_skipped_count: 'kept',
} as const
