import { decodeBytes, encodeBytes } from './byte-text.js'

/** Length of a short container id, as engines show it. */
const ID_DIGITS = 12
const LONG_ID = /[0-9a-f]{64}/g
/**
 * One component with the id that Docker, containerd, CRI-O, Podman and others assign, as a systemd scope or a
 * directory.
 */
const ID = /^(?:[a-z][a-z0-9_.-]*-)?([0-9a-f]{64})(?:\.scope)?$/
/** The path format of runc's systemd driver, used as a directory name by its cgroupfs driver: slice:runtime:id. */
const ID_BEHIND_COLONS = /^(?:[^:]*\.slice|-)?:[^:]+:([^:]+)$/
/** The monitor process of a Podman or CRI-O container, which runs outside of it. */
const MONITOR = /^(?:[a-z]+-)?conmon(?:-|$)/
const FARGATE = /^([0-9a-f]{32})-(\d+)$/
const BUILDKIT = /^[a-z0-9]{25}$/
const NOMAD = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(.+?)(?:\.scope)?$/
const LXC = /^lxc\.payload\.(.+)$/
/** Machines of systemd-machined, and systemd's own service for them. */
const MACHINE = /^(?:machine-(.+)\.scope|systemd-nspawn@(.+)\.service)$/
const POD = /^(?:[a-z-]*kubepods(?:-[a-z]+)?-)?pod([0-9a-f][0-9a-f_-]{11,})(?:\.slice)?$/
const UNIT = /\.(?:service|scope|slice|socket|mount)$/

/**
 * The user's name for a cgroup: the innermost container, by the first 12 digits of its id or by its name; otherwise the
 * pod; otherwise the systemd unit. Cgroups that a container or a service creates below its own belong to it. The units
 * of a system in a container belong to the container.
 * @param cgroup path below the mount of cgroup v2, as returned by `decodeBytes`
 * @returns `null` for other cgroups
 */
export function containerName(cgroup: string | null): string | null {
  const components = componentsOf(cgroup ?? '')
  const name = findLastName(components, containerOf) ?? findLastName(components, podOf) ?? unitOf(components)
  return name?.replaceAll(LONG_ID, shortId) ?? null
}

/** Only the innermost container, named as by `containerName`; `null` outside of a container. */
export function findContainer(cgroup: string): string | null {
  return findLastName(componentsOf(cgroup), containerOf)?.replaceAll(LONG_ID, shortId) ?? null
}

/** A component of a cgroup path that is the cgroup of a container. */
export interface ContainerComponent {
  /** The whole component */
  readonly component: string
  /** The container's full id, or its name if the runtime has no ids */
  readonly id: string
  /** The components above it, the outermost first */
  readonly above: readonly string[]
}

/** The containers of a path, the innermost first. */
export function listContainers(cgroup: string): ContainerComponent[] {
  const components = componentsOf(cgroup)
  const found = components.flatMap((component, i) => {
    const id = containerOf(components, i)
    return id ? [{ component, id, above: components.slice(0, i) }] : []
  })
  return found.toReversed()
}

/** The uid of the innermost pod of a path, with hyphens; `null` outside of pods. */
export function findPodUid(components: readonly string[]): string | null {
  const uids = components.flatMap((component) => POD.exec(component)?.[1]?.replaceAll('_', '-') ?? [])
  return uids.at(-1) ?? null
}

function componentsOf(cgroup: string): string[] {
  return cgroup.split('/').filter((component) => component !== '')
}

type NameAt = (components: readonly string[], i: number) => string | null | undefined

function findLastName(components: readonly string[], nameAt: NameAt): string | undefined {
  for (let i = components.length - 1; i >= 0; i--) {
    const name = nameAt(components, i)
    if (name) return name
  }
  return undefined
}

/** The container whose own cgroup is the component at `i`. */
function containerOf(components: readonly string[], i: number): string | null | undefined {
  const component = components[i] as string
  const parent = components[i - 1]
  if (MONITOR.test(component)) return null
  return (
    ID.exec(component)?.[1] ??
    ID_BEHIND_COLONS.exec(component)?.[1] ??
    LXC.exec(component)?.[1] ??
    machineOf(component, components[i + 1]) ??
    childOf(parent, component, components.slice(0, i))
  )
}

/** A container that only its parent cgroup identifies as one. */
function childOf(parent: string | undefined, component: string, above: readonly string[]): string | null {
  if (parent === 'lxc') return component
  if (parent === 'buildkit' && BUILDKIT.test(component)) return component.slice(0, ID_DIGITS)
  // Containers in containerd's namespace `default`, as created by ctr, have names that users choose.
  if (parent === 'default' && above.length === 1) return component
  if (isGarden(above)) return shortId(component)
  const [, task, number] = FARGATE.exec(component) ?? []
  if (task !== undefined && above.includes('ecs')) return `${shortId(task)}-${number}`
  const [, allocation, name] = NOMAD.exec(component) ?? []
  if (allocation !== undefined && above.some((one) => /^nomad(?:\.slice)?$/.test(one)))
    return `${shortId(allocation)}.${name}`
  return null
}

/** Garden places its handles below /garden, or below /garden-NAME/good and /garden-NAME/bad. */
function isGarden(above: readonly string[]): boolean {
  const parent = above.at(-1) ?? ''
  return parent === 'garden' || (/^(?:good|bad)$/.test(parent) && /^garden(?:-|$)/.test(above.at(-2) ?? ''))
}

/** systemd-nspawn itself runs in `supervisor`, next to the machine. */
function machineOf(component: string, child: string | undefined): string | null {
  const [, machine, instance] = MACHINE.exec(component) ?? []
  const name = machine ?? instance
  return name === undefined || child === 'supervisor' ? null : unescapeUnit(name)
}

/** A Kubernetes pod without a container. */
function podOf(components: readonly string[], i: number): string | null {
  const uid = findPodUid(components.slice(i, i + 1))
  return uid === null ? null : `pod${shortId(uid)}`
}

/** A slice contains units. It counts as a unit only if there is no other. */
function unitOf(components: readonly string[]): string | undefined {
  const units = components.filter((component) => UNIT.test(component))
  const unit = units.findLast((one) => !one.endsWith('.slice')) ?? units.at(-1)
  return unit === undefined ? undefined : spellUnit(unit)
}

/** Spelled as by systemd: its escapes are ASCII, and only in paths are their backslashes doubled. */
function spellUnit(unit: string): string {
  const bytes = encodeBytes(unit)
  return bytes.every((byte) => byte < 0x80) ? bytes.toString() : unit
}

/** Its first 12 digits, with the hyphens between them. A shorter id stays unchanged. */
function shortId(id: string): string {
  return /^(?:[0-9a-f]-?){11}[0-9a-f]/.exec(id)?.[0] ?? id
}

/** systemd writes a byte that is not allowed in a unit name as \xHH. No name contains a NUL. */
function unescapeUnit(name: string): string {
  const escaped = encodeBytes(name).toString('latin1')
  const bytes = escaped.replaceAll(/\\x(?!00)([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  )
  return decodeBytes(Buffer.from(bytes, 'latin1'))
}
