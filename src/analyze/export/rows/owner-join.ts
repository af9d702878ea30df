import { ownerAt, type OwnerSpans } from '../../scan/address-owners.js'
import type { SessionPart } from '../../scan/scope.js'
import type { AttemptRows } from './attempt-rows.js'
import type { ExportEntities } from './entities.js'

/** Fills in the owners of destinations, after the other addresses. Most traces have none at all. */
export function createOwnerJoin(part: SessionPart, entities: ExportEntities): (rows: AttemptRows) => void {
  const owners = entities.owners.get(part) ?? null
  if (owners === null) return (rows) => void rows.remoteOwner.fill(-1, 0, rows.count)
  const { endpoints, otherEndpoints, codes, numbers } = entities
  const processOf = numbers.get(part.trace)?.process
  const nested = new Set([...owners.nestedProcesses].map((id) => processOf?.get(id) ?? -1))
  const spansOf = (texts: readonly unknown[], addresses: readonly number[]): (OwnerSpans | undefined)[] =>
    addresses.map((code) => owners.byAddress.get(String(texts[code])))
  const ofEndpoint = spansOf(codes.remote_address.dictionary, endpoints.remote_address)
  const ofNat = spansOf(codes.nat_address.dictionary, otherEndpoints.nat_address)
  return ({ count, process, endpoint, natEndpoint, startedNs, remoteOwner }) => {
    for (let i = 0; i < count; i++) {
      const nat = natEndpoint[i] as number
      const spans = nat < 0 ? ofEndpoint[endpoint[i] as number] : ofNat[nat]
      const owner =
        spans === undefined || nested.has(process[i] as number) ? null : ownerAt(spans, startedNs[i] as number)
      remoteOwner[i] = owner === null ? -1 : owners.numberOf(owner)
    }
  }
}
