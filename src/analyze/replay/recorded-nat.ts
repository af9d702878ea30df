import type { ConnectRow } from '../../view/connect-row.js'
import { boundedText } from '../scan/row-reader.js'
import type { SessionPart } from '../scan/scope.js'
import { createCachedReader } from './cached-reader.js'
import { integerOf, requireIntegers } from './require-integers.js'

/** The other addresses of an attempt. */
type NatPart = Pick<ConnectRow, 'natAddress' | 'natPort' | 'serviceAddress' | 'servicePort'>
type NatRow = readonly [natId: number | null, serviceId: number | null]

const NONE: NatPart = { natAddress: null, natPort: null, serviceAddress: null, servicePort: null }

/** The other addresses of the attempts of a part, by the attempt's id. */
export function createNatReader({ trace: { db } }: SessionPart): (attemptId: number) => NatPart {
  const hasAddresses = db.prepare('SELECT EXISTS (SELECT 1 FROM connect_nat)').pluck().get() === 1
  if (!hasAddresses) return () => NONE
  const find = db.prepare('SELECT nat_endpoint_id, service_endpoint_id FROM connect_nat WHERE attempt_id = ?').raw()
  const sql = `SELECT ${boundedText('remote_address')}, remote_port FROM endpoint WHERE endpoint_id = ?`
  const endpointOf = createCachedReader(db, sql, ([address, port]) => ({
    address: String(address),
    port: integerOf(port),
  }))
  return (attemptId) => {
    const row = find.get(attemptId)
    if (row === undefined) return NONE
    const [natId, serviceId] = requireIntegers<NatRow>(row)
    const nat = natId === null ? null : endpointOf(natId)
    const service = serviceId === null ? null : endpointOf(serviceId)
    return {
      natAddress: nat?.address ?? null,
      natPort: nat?.port ?? null,
      serviceAddress: service?.address ?? null,
      servicePort: service?.port ?? null,
    }
  }
}
