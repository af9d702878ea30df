/**
 * Last components of cgroup paths that container engines make, with the id in them: Docker, containerd and CRI-O under
 * Kubernetes, Podman; as systemd scopes or, with the cgroupfs driver, as plain directories.
 */
const SCOPES = /^(?:docker|cri-containerd|crio|libpod|containerd)-(?:conmon-)?([0-9a-f]{64})\.scope$/
const PLAIN = /^(?:libpod-)?([0-9a-f]{64})$/
const UNIT = /\.(?:service|scope|slice|socket|mount)$/
/** Digits of an id that engines show. */
const ID_DIGITS = 12

/**
 * What a user calls the place that a cgroup is: a container's short id, or the systemd unit. Cgroups that a container or a
 * service makes below its own belong to it.
 * @returns `null` when it is neither
 */
export function containerName(cgroup: string | null): string | null {
  const components = (cgroup ?? '').split('/').filter((component) => component !== '')
  for (const component of components.toReversed()) {
    const id = SCOPES.exec(component)?.[1] ?? PLAIN.exec(component)?.[1]
    if (id !== undefined) return id.slice(0, ID_DIGITS)
  }
  const units = components.filter((component) => UNIT.test(component))
  // A slice is a place for units, and one itself only where there is no other.
  return units.findLast((unit) => !unit.endsWith('.slice')) ?? units.at(-1) ?? null
}
