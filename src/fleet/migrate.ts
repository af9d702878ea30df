import { connectServer, readAccess, type Server, type ServerAccess, type ServerOptions } from '../clickhouse/connect.js'
import { formatServerAddress, type ServerAddress } from '../clickhouse/parse-url.js'
import { TcpconnError } from '../base/errors.js'
import { createStatements, quoteName, SCHEMA_VERSION, ttlStatements, type SchemaOptions } from './create-statements.js'
import { otherVersion, readVersion } from './require-version.js'

/**
 * Creates the database and its tables, and sets how long rows are kept. Nothing is created twice, and an interrupted migration can be
 * repeated.
 * @returns a sentence about what was done
 * @throws E_FLEET_SCHEMA_VERSION, and the errors of `readAccess` and `serverFault`
 */
export async function migrateFleet(url: string, options: ServerOptions & SchemaOptions): Promise<string> {
  const access = readAccess('--to', url, options)
  await createDatabase(access, options)
  const server = connectServer(access)
  try {
    const version = await findVersion(server)
    // Version 1 is the first: there is no older one to change.
    if (version !== null && version !== SCHEMA_VERSION) throw otherVersion(server, version)
    const statements = version === null ? createStatements(options) : []
    for (const statement of [...statements, ...ttlStatements(options)]) await server.run(statement)
    return describe(server.address, version !== null)
  } finally {
    await server.close()
  }
}

async function createDatabase(access: ServerAccess, { cluster }: SchemaOptions): Promise<void> {
  const server = connectServer(access, false)
  try {
    const onCluster = cluster === undefined ? '' : ` ON CLUSTER ${quoteName(cluster)}`
    await server.run(`CREATE DATABASE IF NOT EXISTS ${quoteName(server.address.database)}${onCluster}`)
  } finally {
    await server.close()
  }
}

/** @returns `null`: no tables yet, or not all of them */
async function findVersion(server: Server): Promise<number | null> {
  try {
    return await readVersion(server)
  } catch (error) {
    if (error instanceof TcpconnError && error.code === 'E_FLEET_NO_SCHEMA') return null
    throw error
  }
}

function describe(address: ServerAddress, isKnown: boolean): string {
  const state = isKnown
    ? `already has the tables of version ${SCHEMA_VERSION}`
    : `has the tables of version ${SCHEMA_VERSION} now`
  return `${formatServerAddress(address)} ${state}`
}
