import { containerKey, type ContainerIdentity } from '../../attempt/container-identity.js'
import { createAgingMap } from '../dns/aging-map.js'
import { hasNames, type ContainerFacts } from '../runtimes/container-facts.js'
import { findFacts, type RuntimePlaces } from '../runtimes/find-facts.js'
import { readKubeletLogs, type KubeletLogs } from '../runtimes/kubelet-logs.js'

/** Limit of containers without a file. The oldest is forgotten. */
const MAX_MISSING = 4096
/** Limit of containers that one round searches for, and number of rounds of each. */
const MAX_PER_ROUND = 512
const MAX_ROUNDS = 10

/** Containers whose files were not found when their cgroup was new. */
export interface MissingContainers {
  add(identity: ContainerIdentity, cgroup: string): void
  /** Whether rounds remain for a container. */
  isWaiting(): boolean
  /**
   * Searches once more, in the runtimes' files and in kubelet's log directories, which are read once.
   * @param isLast searches for all of them, and accepts the pod without the container
   */
  search(isLast: boolean): FoundContainer[]
}

export interface FoundContainer {
  /** `containerKey` */
  readonly key: string
  readonly facts: ContainerFacts
  readonly identity: ContainerIdentity
  /** One of its cgroups */
  readonly cgroup: string
}

interface Missing extends Pick<FoundContainer, 'identity' | 'cgroup'> {
  rounds: number
}

export function createMissing(places: RuntimePlaces): MissingContainers {
  const missing = createAgingMap<string, Missing>()
  let waiting = 0
  const dropped = (entry: { readonly rounds: number } | undefined) => {
    if (entry !== undefined && entry.rounds < MAX_ROUNDS) waiting--
  }
  return {
    isWaiting: () => waiting > 0,
    add(identity, cgroup) {
      const key = containerKey(identity)
      if (missing.get(key) !== undefined) return
      if (missing.size >= MAX_MISSING) dropped(missing.takeOldest())
      missing.put(key, { identity, cgroup, rounds: 0 })
      waiting++
    },
    search(isLast) {
      const logs = lazily(() => readKubeletLogs(places.root))
      const searched = [...missing.entries()].filter(([, { rounds }]) => isLast || rounds < MAX_ROUNDS)
      return searched.slice(0, isLast ? MAX_MISSING : MAX_PER_ROUND).flatMap(([key, entry]) => {
        const { identity, cgroup } = entry
        const facts = findFacts(places, identity) ?? findInLogs(logs, identity, isLast)
        if (facts !== null && hasNames(facts)) {
          dropped(entry)
          missing.delete(key)
          return [{ key, facts, identity, cgroup }]
        }
        if (++entry.rounds === MAX_ROUNDS) waiting--
        return []
      })
    },
  }
}

/** Only for pods. The log of a container may appear later than the directory of its pod. */
function findInLogs(logs: () => KubeletLogs, identity: ContainerIdentity, isLast: boolean): ContainerFacts | null {
  const { id, podUid } = identity
  const facts = podUid === null ? null : logs().find(id, podUid)
  return facts !== null && (facts.podContainer !== null || isLast) ? facts : null
}

function lazily<Value>(make: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= make())
}
