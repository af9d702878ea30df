import type { Server } from '../clickhouse/connect.js'
import { formatServerAddress } from '../clickhouse/parse-url.js'
import { TcpconnError } from '../base/errors.js'
import { SCHEMA_VERSION } from './create-statements.js'

/**
 * The version of the tables on the server.
 * @throws E_FLEET_NO_SCHEMA, and the errors of `serverFault`
 */
export async function readVersion(server: Server): Promise<number> {
  const [row] = await server.query<{ version: number }>('SELECT max(version) AS version FROM schema_version')
  const version = row?.version ?? 0
  if (version > 0) return version
  throw new TcpconnError('E_FLEET_NO_SCHEMA', {
    what: `${formatServerAddress(server.address)} does not have the tables of tcpconn`,
    reason: 'its table schema_version is empty: fleet migrate did not finish',
    hint: 'run it again, as an administrator: tcpconn fleet migrate --to URL',
  })
}

/**
 * Pushers and readers call this before anything else: they never change tables.
 * @throws E_FLEET_SCHEMA_VERSION, E_FLEET_NO_SCHEMA, and the errors of `serverFault`
 */
export async function requireVersion(server: Server): Promise<void> {
  const version = await readVersion(server)
  if (version === SCHEMA_VERSION) return
  throw otherVersion(server, version)
}

/** The error for tables of a version that this tcpconn does not know. */
export function otherVersion(server: Server, version: number): TcpconnError {
  return new TcpconnError('E_FLEET_SCHEMA_VERSION', {
    what: `${formatServerAddress(server.address)} has tables of another version`,
    reason: `they have version ${version}; this tcpconn knows version ${SCHEMA_VERSION}`,
    hint:
      version > SCHEMA_VERSION
        ? 'use the tcpconn that the server was migrated with, or a newer one'
        : 'as an administrator: tcpconn fleet migrate --to URL',
  })
}
