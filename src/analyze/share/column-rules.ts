import type { Field } from './fields.js'

/** A table whose rows others refer to by `TABLE_id`, or by `container_key`. */
export type IdTable =
  | 'session'
  | 'process'
  | 'container'
  | 'cgroup'
  | 'endpoint'
  | 'local_address'
  | 'dns_name'
  | 'connect_attempt'
  | 'latency_window'

/** How a column is copied. `kept`: it says neither who nor where nor when. */
export type ColumnRule =
  | 'kept'
  /** a key that no table refers to */
  | 'numbered anew'
  | { readonly id: IdTable }
  | { readonly field: Field; readonly as: ValueKind }

/** What the values of a column are; pseudonyms.ts replaces each kind. */
export type ValueKind =
  | 'address'
  | 'address text'
  | 'port'
  | 'port list'
  | 'local endpoint'
  | 'pid'
  | 'tid'
  | 'recorder pid'
  | 'recorder ticks'
  | 'process start'
  | 'inode'
  | 'cookie'
  | 'cgroup number'
  | 'boot id'
  | 'dns name'
  | 'program'
  | 'uid'
  | 'user'
  | 'host'
  | 'path'
  | 'container'
  | 'kernel'
  | 'version'
  | 'limits'
  | 'command line'
  | 'file name'
  | 'filters'
  | 'unix time'
  | 'unix offset'
  | 'time'
  | 'end'
  | 'sums'
