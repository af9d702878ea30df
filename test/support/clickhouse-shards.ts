import { createStatements } from '../../src/fleet/create-statements.js'
import { ADMIN, escapeXml, startClickhouse, type ClickhouseServer } from './clickhouse-server.js'

const CLUSTER = 'shards'

/**
 * Starts two servers with the tables of a fleet on both. The first one has distributed tables over them. Replicated tables and ON
 * CLUSTER need a keeper, which this server lacks: the tables are plain ones, created on each server.
 */
export async function startShards(): Promise<ClickhouseServer & { readonly shards: readonly ClickhouseServer[] }> {
  const other = await startClickhouse()
  const first = await startClickhouse({ configuration: (tcpPort) => clusterXml([tcpPort, other.tcpPort]) })
  const shards = [first, other]
  for (const server of shards) await server.query('CREATE DATABASE fleet')
  for (const statement of createStatements({ cluster: CLUSTER })) {
    const isLocal = !/Distributed\(|INTO `schema_version`/.test(statement)
    for (const server of isLocal ? shards : [first]) await server.query(withoutKeeper(statement))
  }
  return {
    ...first,
    shards,
    async [Symbol.asyncDispose]() {
      for (const server of shards) await server[Symbol.asyncDispose]()
    },
  }
}

function withoutKeeper(statement: string): string {
  return statement
    .replace(/ ON CLUSTER `\w+`/, '')
    .replace(/ReplicatedReplacingMergeTree\('[^']*', '[^']*'(?:, )?/, 'ReplacingMergeTree(')
    .replace('SETTINGS replicated_', 'SETTINGS non_replicated_')
    .replace('currentDatabase()', "'fleet'")
    .replace(/(TABLE IF NOT EXISTS |AS |INTO )`/g, '$1fleet.`')
}

function clusterXml(ports: readonly number[]): string {
  const shards = ports.map(
    (
      port,
    ) => `<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>${port}</port>
      <user>${ADMIN.name}</user><password>${escapeXml(ADMIN.password)}</password></replica></shard>`,
  )
  return `<remote_servers><${CLUSTER}>${shards.join('')}</${CLUSTER}></remote_servers>`
}
