import type { ConnectRow } from '../../view/connect-row.js'
import { ownerAt, readAddressOwners } from '../scan/address-owners.js'
import type { SessionPart } from '../scan/scope.js'

type RemotePart = Pick<ConnectRow, 'remoteContainer' | 'remotePod'>

const NONE: RemotePart = { remoteContainer: null, remotePod: null }

/** The container that had the destination of an attempt, by the attempt's process, destination and start in ns. */
export function createOwnerReader(
  part: SessionPart,
): (processId: number, address: string, startedNs: number) => RemotePart {
  const owners = readAddressOwners(part.trace.db, part)
  if (owners === null) return () => NONE
  return (processId, address, startedNs) => {
    const owner = owners.nestedProcesses.has(processId) ? null : ownerAt(owners.byAddress.get(address), startedNs)
    return owner === null ? NONE : { remoteContainer: owner.container, remotePod: owner.pod }
  }
}
