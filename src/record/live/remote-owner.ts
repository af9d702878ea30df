import { identifyContainer } from '../../attempt/container-identity.js'
import type { ConnectRow, ProcessPart } from '../../view/connect-row.js'
import { mergeFacts } from '../runtimes/container-facts.js'
import { hasNetworks } from '../write/container-store.js'
import type { HostNames } from '../write/late-names.js'

type RemotePart = Pick<ConnectRow, 'remoteContainer' | 'remotePod'>

const NONE: RemotePart = { remoteContainer: null, remotePod: null }

/**
 * Finds the container that has an address now.
 * @returns a function of the process that connects, the destination, and the start in ns since `epochNs`
 */
export function createRemoteOwners(
  { owners, nested = new Set(), containerFacts }: HostNames,
  epochNs: bigint,
): (process: ProcessPart, address: string, startedNs: bigint) => RemotePart {
  return ({ cgroup }, address, startedNs) => {
    const span = owners?.find(address, startedNs + epochNs) ?? null
    if (span === null) return NONE
    const connecting = cgroup === null ? null : identifyContainer(cgroup)
    if (connecting !== null && hasNetworks(connecting, nested)) return NONE
    const owner = identifyContainer(span.cgroup)
    if (owner === null) return NONE
    const { podName, podNamespace, name, podContainer } = mergeFacts(owner, containerFacts(span.key, span.cgroup))
    if (podName === null) return { remoteContainer: podContainer ?? name, remotePod: null }
    return { remoteContainer: null, remotePod: `${podNamespace ?? ''}/${podName}` }
  }
}
