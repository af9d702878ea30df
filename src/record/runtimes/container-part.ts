import { containerKey, identifyContainer, type ContainerIdentity } from '../../attempt/container-identity.js'
import type { ProcessPart } from '../../view/connect-row.js'
import { mergeFacts, type ContainerFacts } from './container-facts.js'

/** Limit of cached cgroups. */
const MAX_KEPT = 4096

/** Columns of a row about the container of its process. */
export type ContainerPart = Pick<
  ProcessPart,
  'containerId' | 'containerName' | 'containerImage' | 'podName' | 'podNamespace' | 'podUid'
>

export const NO_CONTAINER: ContainerPart = {
  containerId: null,
  containerName: null,
  containerImage: null,
  podName: null,
  podNamespace: null,
  podUid: null,
}

/**
 * Finds the container of a cgroup. Parses each path once.
 * @param factsOf what is known of a container by now
 */
export function createContainerParts(
  factsOf: (key: string, cgroup: string) => ContainerFacts | undefined,
): (cgroup: string | null) => ContainerPart {
  const identify = createIdentities()
  return (cgroup) => {
    const identity = cgroup === null ? null : identify(cgroup)
    if (cgroup === null || identity === null) return NO_CONTAINER
    const { name, image, podContainer, podName, podNamespace, podUid } = mergeFacts(
      identity,
      factsOf(containerKey(identity), cgroup),
    )
    return {
      containerId: identity.id,
      containerName: podContainer ?? name,
      containerImage: image,
      podName,
      podNamespace,
      podUid,
    }
  }
}

function createIdentities(): (cgroup: string) => ContainerIdentity | null {
  const kept = new Map<string, ContainerIdentity | null>()
  return (cgroup) => {
    const known = kept.get(cgroup)
    if (known !== undefined) return known
    if (kept.size >= MAX_KEPT) kept.clear()
    const identity = identifyContainer(cgroup)
    kept.set(cgroup, identity)
    return identity
  }
}
