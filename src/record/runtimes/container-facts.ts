import type { ContainerIdentity } from '../../attempt/container-identity.js'

/** What a container's runtime says of it. `null`: not known */
export interface ContainerFacts {
  readonly runtime: string | null
  /** The runtime's name of it */
  readonly name: string | null
  readonly image: string | null
  readonly podName: string | null
  readonly podNamespace: string | null
  readonly podUid: string | null
  /** Its name in the pod */
  readonly podContainer: string | null
}

/** Not in a pod. */
export const NO_POD = { podName: null, podNamespace: null, podUid: null, podContainer: null }

/** Nothing is known. */
export const NO_FACTS: ContainerFacts = { runtime: null, name: null, image: null, ...NO_POD }

/** Whether anything but the runtime is known. */
export function hasNames({ runtime: _, ...names }: ContainerFacts): boolean {
  return Object.values(names).some((name) => name !== null)
}

/** What is known of a container: from the files of its runtime, otherwise from the path of its cgroup. */
export function mergeFacts(identity: ContainerIdentity, facts: ContainerFacts = NO_FACTS): ContainerFacts {
  return {
    ...facts,
    runtime: facts.runtime ?? identity.runtime,
    name: facts.name ?? identity.name,
    podUid: facts.podUid ?? identity.podUid,
  }
}
