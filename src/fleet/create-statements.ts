import { ATTEMPTS_TABLE } from './attempts-table.js'
import { HOST_USER_PREFIX, PUSHED_BY, type FleetColumn, type FleetTable } from './fleet-table.js'
import { FLEET_TABLES } from './trace-tables.js'

/** Version of the tables of a fleet. Pushers and readers need exactly this one. */
export const SCHEMA_VERSION = 1

/** How the tables are created. */
export interface SchemaOptions {
  /** Name of a cluster of the server's configuration: replicated tables, and distributed tables over them */
  readonly cluster?: string
  /** Attempts and DNS lookups that are older are removed; seconds */
  readonly ttlSeconds?: number
}

/** A host user can push only rows of its host; other users are trusted with all hosts. */
const CONSTRAINT = `CONSTRAINT host_of_user CHECK NOT startsWith(currentUser(), '${HOST_USER_PREFIX}')
    OR host = substring(currentUser(), ${HOST_USER_PREFIX.length + 1})`
/** Tokens of inserts that a table remembers: at 1,000 hosts that push every minute, those of ten minutes. */
const REMEMBERED_TOKENS = 10_000
const SHARD_SUFFIX = '_shard'

const VERSION_TABLE: FleetTable = {
  name: 'schema_version',
  columns: [
    { name: 'version', type: 'UInt32', comment: 'version of the tables of this database' },
    {
      name: 'applied',
      type: 'DateTime',
      computed: { as: 'MATERIALIZED', expression: 'now()' },
      comment: 'when fleet migrate applied it',
    },
    PUSHED_BY,
  ],
  key: ['version'],
  partition: 'tuple()',
}

/** All tables in the order of creation: the version last, so that a database that has it is complete. */
export const ALL_TABLES: readonly FleetTable[] = [ATTEMPTS_TABLE, ...Object.values(FLEET_TABLES), VERSION_TABLE]

/** The statements that create all tables, without semicolons. They can be run again. */
export function createStatements(options: SchemaOptions): string[] {
  const insertVersion = `INSERT INTO ${quoteName(VERSION_TABLE.name)} (version) VALUES (${SCHEMA_VERSION})`
  return [...ALL_TABLES.flatMap((table) => createTable(table, options)), insertVersion]
}

/** The statements that set how long rows are kept, for tables that exist. */
export function ttlStatements({ cluster, ttlSeconds }: SchemaOptions): string[] {
  if (ttlSeconds === undefined) return []
  return ALL_TABLES.filter(({ expires }) => expires !== undefined).map(
    (table) =>
      `ALTER TABLE ${quoteName(storedName(table, cluster))}${onCluster(cluster)} MODIFY TTL ${ttlOf(table, ttlSeconds)}`,
  )
}

function createTable(table: FleetTable, { cluster, ttlSeconds }: SchemaOptions): string[] {
  const stored = storedName(table, cluster)
  const columns = table.columns.map(defineColumn)
  const rest = [...(table.indexes ?? []), ...(table.key.includes('host') ? [CONSTRAINT] : [])]
  const create = [
    `CREATE TABLE IF NOT EXISTS ${quoteName(stored)}${onCluster(cluster)} (`,
    [...columns, ...rest].map((line) => `  ${line}`).join(',\n'),
    ')',
    `ENGINE = ${engineOf(table, cluster)}`,
    `PARTITION BY ${table.partition}`,
    `ORDER BY (${table.key.join(', ')})`,
    ...(table.expires === undefined || ttlSeconds === undefined ? [] : [`TTL ${ttlOf(table, ttlSeconds)}`]),
    `SETTINGS ${cluster === undefined ? 'non_replicated' : 'replicated'}_deduplication_window = ${REMEMBERED_TOKENS}`,
  ].join('\n')
  if (cluster === undefined) return [create]
  return [create, createDistributed(table, cluster)]
}

/** Has the name of the table, so that pushers and readers need not know of a cluster. All rows of a host are on one shard. */
function createDistributed({ name, key }: FleetTable, cluster: string): string {
  const shard = key.includes('host') ? 'xxHash64(host)' : '0'
  return [
    `CREATE TABLE IF NOT EXISTS ${quoteName(name)}${onCluster(cluster)}`,
    `AS ${quoteName(name + SHARD_SUFFIX)}`,
    `ENGINE = Distributed(${quoteText(cluster)}, currentDatabase(), ${quoteText(name + SHARD_SUFFIX)}, ${shard})`,
  ].join('\n')
}

function storedName({ name }: FleetTable, cluster: string | undefined): string {
  return cluster === undefined ? name : name + SHARD_SUFFIX
}

function engineOf({ version }: FleetTable, cluster: string | undefined): string {
  if (cluster === undefined) return `ReplacingMergeTree(${version ?? ''})`
  const settings = ["'/clickhouse/tables/{shard}/{database}/{table}'", "'{replica}'", version].filter(Boolean)
  return `ReplicatedReplacingMergeTree(${settings.join(', ')})`
}

function ttlOf({ expires }: FleetTable, ttlSeconds: number): string {
  return `${expires} + INTERVAL ${ttlSeconds} SECOND`
}

function defineColumn({ name, type, codec, computed, comment }: FleetColumn): string {
  const parts = [quoteName(name), type]
  if (computed !== undefined) parts.push(computed.as, computed.expression)
  parts.push(`COMMENT ${quoteText(comment)}`)
  if (codec !== undefined) parts.push(`CODEC(${codec})`)
  return parts.join(' ')
}

function onCluster(cluster: string | undefined): string {
  return cluster === undefined ? '' : ` ON CLUSTER ${quoteName(cluster)}`
}

/** An identifier of ClickHouse. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
