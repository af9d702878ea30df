/** A column of a table of the fleet. */
export interface FleetColumn {
  readonly name: string
  /** Type of ClickHouse. Texts and bytes of a trace are String. */
  readonly type: string
  /** Compression, for columns with many rows */
  readonly codec?: string
  /** The server computes it: not inserted. `*` does not select it. */
  readonly computed?: { readonly as: 'ALIAS' | 'MATERIALIZED'; readonly expression: string }
  readonly comment: string
}

/** A table of the fleet. Rows with the same key replace each other. */
export interface FleetTable {
  readonly name: string
  readonly columns: readonly FleetColumn[]
  /** Also the order of the rows */
  readonly key: readonly string[]
  /** Expression */
  readonly partition: string
  /** Column whose highest value wins among rows with the same key; without it, the row that was inserted last */
  readonly version?: string
  readonly indexes?: readonly string[]
  /** Time of a row, if `--ttl` removes old rows */
  readonly expires?: string
}

/** Columns that every table begins with. */
export const KEY: readonly FleetColumn[] = [
  { name: 'host', type: 'LowCardinality(String)', comment: 'host that was recorded' },
  { name: 'session_uuid', type: 'UUID', comment: 'recording, unique among all hosts and files' },
]

/** The user that pushed a row, set by the server. */
export const PUSHED_BY: FleetColumn = {
  name: 'pushed_by',
  type: 'LowCardinality(String)',
  computed: { as: 'MATERIALIZED', expression: 'currentUser()' },
  comment: 'user that pushed the row, set by the server',
}

/** Prefix of users that can push only rows of one host, whose name follows. */
export const HOST_USER_PREFIX = 'host-'

/** Names of the columns that a push sends, in order. */
export function insertedColumns({ columns }: FleetTable): readonly FleetColumn[] {
  return columns.filter(({ computed }) => computed === undefined)
}
