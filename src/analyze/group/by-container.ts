import { containerName } from '../../attempt/container-name.js'
import { nameContainerGroup } from '../../attempt/name-container-group.js'
import type { Column, Value } from '../result/result.js'
import { createRowReader } from '../scan/row-reader.js'
import type { SessionPart } from '../scan/scope.js'
import type { Dimension } from './dimension.js'

const text = (name: string, heading: string): Column => ({ name, heading, kind: 'text' })

/** Columns of `container`, with the names that the view `connects` has for them. */
const NAMES = ['pod_namespace', 'pod_name', 'ifnull(pod_container_name, container_name)', 'container_image'] as const

/**
 * Cgroups by what they belong to: NAMESPACE/POD/CONTAINER in Kubernetes, otherwise the name of the container; without a
 * name its id, the pod, or the systemd unit, as recorded or by the path.
 */
export const BY_CONTAINER: Dimension = {
  source: 'process',
  columns: [text('container', 'CONTAINER')],
  keys(part) {
    const cgroupOf = createCgroupReader(part, ['container_key', 'path', 'container'])
    const names = createRowReader(part.trace.lookup, 'container', NAMES)
    return (id) => {
      const [key, path, container] = cgroupOf(id)
      const [podNamespace = null, podName = null, name = null] = names(Number(key ?? 0)).map(textOf)
      const known = textOf(container) ?? containerName(textOf(path))
      return [nameContainerGroup({ podNamespace, podName, name: name ?? known })]
    }
  },
}

const textOf = (value: Value | undefined) => (typeof value === 'string' ? value : null)

/** Pods of Kubernetes. */
export const BY_POD = byNames(text('pod_namespace', 'NAMESPACE'), text('pod_name', 'POD'))
export const BY_NAMESPACE = byNames(text('pod_namespace', 'NAMESPACE'))
export const BY_IMAGE = byNames(text('container_image', 'IMAGE'))

/** By columns of the container; all `null` outside of containers. */
function byNames(...columns: readonly Column[]): Dimension {
  return {
    source: 'process',
    columns,
    keys(part) {
      const cgroupOf = createCgroupReader(part, ['container_key'])
      const names = createRowReader(
        part.trace.lookup,
        'container',
        columns.map(({ name }) => name),
      )
      return (id) => names(Number(cgroupOf(id)[0] ?? 0))
    },
  }
}

/** Columns of the cgroup of a process. */
function createCgroupReader({ trace: { lookup } }: SessionPart, columns: readonly string[]) {
  const cgroupOf = createRowReader(lookup, 'process', ['cgroup_id'])
  const cgroup = createRowReader(lookup, 'cgroup', columns)
  return (id: number): readonly Value[] => cgroup(Number(cgroupOf(id)[0] ?? 0))
}
