import { AT } from '../../scan/attempt-columns.js'
import { createDnsReader } from '../../scan/dns-reader.js'
import { createRowReader } from '../../scan/row-reader.js'
import type { Dimension } from '../../group/dimension.js'

/** Exceeds the number of endpoints of any trace: a name id and an endpoint id combined stay below 2^53. */
const ENDPOINT_LIMIT = 2 ** 26

/** The DNS name of an attempt, or its address if no name is known, and the port. */
export const BY_NAME: Dimension = {
  source: 'attempt',
  columns: [
    { name: 'remote_name', heading: 'NAME', kind: 'text' },
    { name: 'remote_port', heading: 'PORT', kind: 'text' },
  ],
  sharedBy: 'trace',
  keys({ trace }) {
    const nameOf = createRowReader(trace.lookup, 'dns_name', ['dns_name'])
    const endpointOf = createRowReader(trace.lookup, 'endpoint', ['remote_address', 'remote_port'])
    return (id) => {
      const [name] = nameOf(Math.floor(id / ENDPOINT_LIMIT))
      const [address, port] = endpointOf(id % ENDPOINT_LIMIT)
      return [name ?? address ?? null, port ?? null]
    }
  },
  attempt: {
    columns: ['attempt_id', 'endpoint_id'],
    id({ trace }) {
      // Attempts arrive in the order of their ids, and so do their names.
      const nameIdOf = createDnsReader(trace.lookup)
      return (row) => nameIdOf(row) * ENDPOINT_LIMIT + (row[AT.endpoint_id] as number)
    },
  },
}
