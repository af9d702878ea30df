import { TcpconnError } from '../../base/errors.js'
import type { Server } from '../../clickhouse/connect.js'
import { formatServerAddress } from '../../clickhouse/parse-url.js'
import { nearestName } from '../../text/nearest-name.js'
import { readRows } from './read-rows.js'

interface OfHost {
  readonly host: string
}

/** @throws E_FLEET_NO_HOST for a host that the server does not know */
export async function requireHosts(server: Server, hosts: readonly string[], found: readonly OfHost[]): Promise<void> {
  const names = new Set(found.map(({ host }) => host))
  const unknown = hosts.filter((host) => !names.has(host))
  if (unknown.length === 0) return
  const known: string[] = []
  for await (const [host] of readRows(server, 'SELECT DISTINCT host FROM trace_session ORDER BY host', {})) {
    known.push(String(host))
  }
  const missing = unknown.filter((host) => !known.includes(host))
  const [name] = missing
  if (name === undefined) return
  const meant = nearestName(name, known)
  throw new TcpconnError('E_FLEET_NO_HOST', {
    what: `${formatServerAddress(server.address)} has nothing of ${missing.join(', ')}`,
    reason: known.length === 0 ? 'no host has pushed a session' : `it has ${describeHosts(known)}`,
    hint: meant === null ? 'name hosts as tcpconn info calls them, or leave --host out' : `did you mean ${meant}?`,
  })
}

function describeHosts(hosts: readonly string[]): string {
  return hosts.length <= 5 ? hosts.join(', ') : `${hosts.slice(0, 5).join(', ')} and ${hosts.length - 5} more hosts`
}
