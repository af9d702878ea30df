import { nameEndpoint } from '../../attempt/address.js'
import { nameContainerGroup } from '../../attempt/name-container-group.js'
import { NO_NAME, type EntityKind } from './window-entities.js'
import type { TopEndpoint, TopProcess } from './top-attempt.js'

/** A group of attempts: `key` identifies it, `label` names it to people. Neither is safe for a terminal. */
export interface TopGroup {
  readonly key: string
  readonly label: string
}

/** What the rows of the table are. */
export interface TopDimension {
  readonly name: string
  readonly heading: string
  /** Kind of the values that it groups */
  readonly kind: EntityKind
  groupOf(value: TopProcess | TopEndpoint | string): TopGroup
}

const UNKNOWN = '-'

/** The dimensions of `--by`, in the order in which a key selects them. */
export const TOP_DIMENSIONS: readonly TopDimension[] = [
  byEndpoint('endpoint', 'ENDPOINT', ({ remoteAddress, remotePort }) =>
    same(nameEndpoint(remoteAddress, String(remotePort))),
  ),
  // A user of a container has no name, and may have the uid of a user of the host.
  byProcess('user', 'USER', ({ user, uid }) => ({
    key: user === null ? String(uid) : `${uid} ${user}`,
    label: user ?? (uid === null ? UNKNOWN : String(uid)),
  })),
  byProcess('process', 'PROCESS', ({ pid, processStartNs, comm }) => ({
    key: `${pid} ${processStartNs}`,
    label: pid === null ? UNKNOWN : `${pid} ${comm ?? ''}`.trimEnd(),
  })),
  byProcess('comm', 'COMM', ({ comm }) => same(comm ?? UNKNOWN)),
  byProcess('container', 'CONTAINER', ({ container, containerName, podName, podNamespace }) => {
    return same(nameContainerGroup({ podNamespace, podName, name: containerName ?? container }) ?? UNKNOWN)
  }),
  {
    name: 'dns',
    heading: 'DNS NAME',
    kind: 'name',
    groupOf: (name) => (name === NO_NAME ? { key: NO_NAME, label: UNKNOWN } : same((name as string) || '.')),
  },
  byEndpoint('port', 'PORT', ({ remotePort }) => same(String(remotePort))),
  byProcess('pod', 'POD', ({ podName, podNamespace }) =>
    same(podName === null ? UNKNOWN : `${podNamespace ?? ''}/${podName}`),
  ),
  byProcess('namespace', 'NAMESPACE', ({ podNamespace }) => same(podNamespace ?? UNKNOWN)),
  byProcess('image', 'IMAGE', ({ containerImage }) => same(containerImage ?? UNKNOWN)),
]

export const TOP_DIMENSION_NAMES = TOP_DIMENSIONS.map(({ name }) => name)

function same(text: string): TopGroup {
  return { key: text, label: text }
}

function byEndpoint(name: string, heading: string, groupOf: (endpoint: TopEndpoint) => TopGroup): TopDimension {
  return { name, heading, kind: 'endpoint', groupOf: keepGroups(groupOf) as TopDimension['groupOf'] }
}

function byProcess(name: string, heading: string, groupOf: (process: TopProcess) => TopGroup): TopDimension {
  return { name, heading, kind: 'process', groupOf: keepGroups(groupOf) as TopDimension['groupOf'] }
}

/** Makes the texts of an object once: a frame needs those of all entities. */
function keepGroups<T extends object>(groupOf: (value: T) => TopGroup): (value: T) => TopGroup {
  const known = new WeakMap<T, TopGroup>()
  return (value) => {
    const kept = known.get(value)
    if (kept !== undefined) return kept
    const group = groupOf(value)
    known.set(value, group)
    return group
  }
}
