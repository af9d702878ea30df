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
  { owners, nested = new Set(), containerFacts, hostNetns = null }: HostNames,
  epochNs: bigint,
): (process: ProcessPart, address: string, startedNs: bigint) => RemotePart {
  /** Whether an address may mean another container there than on the host. As in the view `connects`. */
  const hasOtherNetworks = ({ cgroup, netns }: ProcessPart) => {
    const container = cgroup === null ? null : identifyContainer(cgroup)
    if (container !== null) return hasNetworks(container, nested)
    return hostNetns !== null && netns !== null && netns !== hostNetns
  }
  return (process, address, startedNs) => {
    const span = owners?.find(address, startedNs + epochNs) ?? null
    if (span === null || hasOtherNetworks(process)) return NONE
    const owner = identifyContainer(span.cgroup)
    if (owner === null) return NONE
    const { podName, podNamespace, name, podContainer } = mergeFacts(owner, containerFacts(span.key, span.cgroup))
    if (podName === null) return { remoteContainer: podContainer ?? name, remotePod: null }
    return { remoteContainer: null, remotePod: `${podNamespace ?? ''}/${podName}` }
  }
}
