/** The parts of a container's name. `null`: not known, or not in a pod */
interface NameParts {
  readonly podNamespace: string | null
  readonly podName: string | null
  /** In the pod, otherwise the runtime's name of it */
  readonly name: string | null
}

/**
 * Names a group of attempts by their container: NAMESPACE/POD/CONTAINER in Kubernetes, otherwise the name alone. A slash in
 * one of the parts is written as systemd does, so that no name of a user's container is that of a container in a pod.
 * @returns `null` without a name
 */
export function nameContainerGroup({ podNamespace, podName, name }: NameParts): string | null {
  if (podName === null) return name === null ? null : escapeSlashes(name)
  return [podNamespace, podName, name].map((part) => escapeSlashes(part ?? '')).join('/')
}

function escapeSlashes(part: string): string {
  return part.replaceAll('/', String.raw`\x2f`)
}
