import { findPodUid, listContainers, type ContainerComponent } from './container-name.js'

/** What a cgroup path alone tells of a container. */
export interface ContainerIdentity {
  /** Full id, or the name if the runtime has no ids */
  readonly id: string
  /** `null`: the path does not tell */
  readonly runtime: Runtime | null
  /** Of runtimes without ids: LXC, systemd-nspawn, ctr */
  readonly name: string | null
  /** Pod of Kubernetes; `null` for a container of a user, too */
  readonly podUid: string | null
  /** User whose service manager runs a rootless container */
  readonly ownerUid: number | null
  /** Whether it runs in another container, whose own runtime has its files */
  readonly isNested: boolean
}

/** Values of container.runtime_name. */
export type Runtime = 'docker' | 'podman' | 'containerd' | 'cri-o' | 'lxc' | 'systemd-nspawn'

/** Prefixes of scopes and directories. */
const PREFIXES: readonly (readonly [RegExp, Runtime])[] = [
  [/^docker-/, 'docker'],
  [/^libpod-/, 'podman'],
  [/^crio-|:crio:/, 'cri-o'],
  [/^cri-containerd-|^nerdctl-|^containerd-|:cri-containerd:|:nerdctl:/, 'containerd'],
  [/:docker:/, 'docker'],
  [/^lxc\.payload\./, 'lxc'],
  [/^machine-|^systemd-nspawn@/, 'systemd-nspawn'],
]
/** Directories of the cgroupfs drivers. */
const PARENTS: Readonly<Record<string, Runtime>> = {
  docker: 'docker',
  libpod_parent: 'podman',
  lxc: 'lxc',
  default: 'containerd',
  'k8s.io': 'containerd',
}
const LONG_ID = /^[0-9a-f]{64}$/
const USER_MANAGER = /^user@(\d{1,10})\.service$/

/**
 * The innermost container of a cgroup.
 * @param cgroup path below the mount of cgroup v2, as returned by `decodeBytes`
 * @returns `null` outside of containers
 */
export function identifyContainer(cgroup: string): ContainerIdentity | null {
  const [innermost, ...outer] = listContainers(cgroup)
  if (innermost === undefined) return null
  const { component, id, above } = innermost
  const ownerUid = ownerOf(above)
  return {
    id,
    runtime: runtimeOf(innermost),
    name: LONG_ID.test(id) ? null : id,
    // A user can write the uid of any pod.
    podUid: ownerUid === null ? findPodUid([...above, component]) : null,
    ownerUid,
    isNested: outer.some((one) => !isPodOfPodman(one)),
  }
}

/** The path of the container's own cgroup, of which a cgroup of its processes may be one below; `null` outside of containers. */
export function containerCgroup(cgroup: string): string | null {
  const [innermost] = listContainers(cgroup)
  return innermost === undefined ? null : pathOf(innermost)
}

/** The containers that a container runs in, the innermost first. */
export function outerContainers(cgroup: string): ContainerIdentity[] {
  const [, ...outer] = listContainers(cgroup)
  return outer.filter((one) => !isPodOfPodman(one)).flatMap((one) => identifyContainer(pathOf(one)) ?? [])
}

function pathOf({ component, above }: ContainerComponent): string {
  return `/${[...above, component].join('/')}`
}

/**
 * Tells the containers of a session apart. The id alone does not: any user can make a cgroup whose path has the id of
 * another user's container.
 */
export function containerKey({ id, runtime, ownerUid, isNested }: ContainerIdentity): string {
  return [ownerUid ?? '', isNested ? 'nested' : '', runtime ?? '', id].join('/')
}

function runtimeOf({ component, above }: ContainerComponent): Runtime | null {
  const known = PREFIXES.find(([prefix]) => prefix.test(component))
  return known?.[1] ?? PARENTS[above.at(-1) ?? ''] ?? null
}

/** The user of the outermost service manager. */
function ownerOf(above: readonly string[]): number | null {
  const [uid] = above.flatMap((component) => USER_MANAGER.exec(component)?.[1] ?? [])
  return uid === undefined ? null : Number(uid)
}

/** Podman's cgroupfs driver names the directory of a pod by the pod's id. */
function isPodOfPodman({ component, above }: ContainerComponent): boolean {
  return above.at(-1) === 'libpod_parent' && LONG_ID.test(component)
}
