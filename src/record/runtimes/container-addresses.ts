import {
  readCniResult,
  readDockerAddresses,
  readLxcAddresses,
  readNetavarkAddresses,
  type CniResult,
  type PodName,
} from './address-files.js'
import { createFileCache } from './file-cache.js'

/** Where the files of root's containers are, below the host's root. */
const DOCKER = 'var/lib/docker/containers'
const CNI = 'var/lib/cni/results'
const NETAVARK = 'run/containers/networks'
const LXC = 'var/lib/lxc'
/** Podman has one file for all containers, with about 200 bytes for each. */
const MAX_NETAVARK_BYTES = 8 * 1024 * 1024
const LONG_ID = /^[0-9a-f]{64}$/
/** In results of CNI. nerdctl and ctr put the namespace of containerd before the id. */
const LONG_CNI_ID = /(?:^|-)([0-9a-f]{64})$/
/** Of `ctr run --cni`, in the only namespace of containerd whose ids a cgroup shows to be chosen. */
const CTR_CNI_ID = /^default-(.+)$/
/** Names of LXC's containers: one component of a path. */
const LXC_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A container of root whose files are read. */
export interface AddressedContainer {
  /** `containerKey` */
  readonly key: string
  readonly id: string
  readonly runtime: string | null
  readonly pod: PodName | null
  /** Its own cgroup, not one below */
  readonly cgroup: string
}

/** Addresses of containers, in the files of their runtimes. */
export interface ContainerAddresses {
  /**
   * Reads the files that changed since the last call.
   * @param containers no two with the same `runtimeId`
   * @returns by address, the key of the container that has it; `null`: more than one claims it
   */
  read(containers: readonly AddressedContainer[]): ReadonlyMap<string, string | null>
}

/** Inputs of the search. */
export interface AddressSources {
  /** Descriptor of the host's root directory */
  readonly root: number
  /** Whether a cgroup exists; `null`: the cgroups of the host are not visible */
  readonly hasCgroup: ((path: string) => boolean) | null
  /** Called with the path of a file, below the root, each time that it is found to be too large */
  readonly onTooLarge: (path: string) => void
}

/** What tells the containers of root apart: their long id, otherwise the runtime and the id that a user chose in it. */
export function runtimeId({ id, runtime }: Pick<AddressedContainer, 'id' | 'runtime'>): string {
  return LONG_ID.test(id) ? id : `${runtime ?? ''}/${id}`
}

export function createContainerAddresses({ root, hasCgroup, onTooLarge }: AddressSources): ContainerAddresses {
  const common = { root, onTooLarge }
  const docker = createFileCache({ ...common, path: DOCKER, parse: (file) => readDockerAddresses(file.toString()) })
  const lxc = createFileCache({ ...common, path: LXC, parse: (file) => readLxcAddresses(file.toString()) })
  const netavark = createFileCache({
    ...common,
    path: NETAVARK,
    parse: readNetavarkAddresses,
    maxBytes: MAX_NETAVARK_BYTES,
  })
  // libcni writes a result once, and removes it with the container.
  const cni = createFileCache({ ...common, path: CNI, parse: (file) => readCniResult(file.toString()), areFinal: true })
  return {
    read(containers) {
      const owners = new Map<string, string | null>()
      const claim = (one: AddressedContainer | undefined, addresses: readonly string[]) => {
        if (one === undefined) return
        for (const address of addresses)
          owners.set(address, (owners.get(address) ?? one.key) === one.key ? one.key : null)
      }
      const of = (name: string) => containers.filter(({ runtime }) => runtime === name)
      docker.round((read) => {
        for (const one of of('docker')) claim(one, read(`${one.id}/config.v2.json`) ?? [])
      })
      lxc.round((read) => {
        for (const one of of('lxc').filter(({ id }) => LXC_NAME.test(id))) {
          const addresses = read(`${one.id}/config`) ?? []
          // Its file has them while it is stopped, too.
          if (addresses.length > 0 && hasCgroup?.(one.cgroup) === true) claim(one, addresses)
        }
      })
      if (containers.length === 0) return owners
      const byId = new Map(containers.map((container) => [runtimeId(container), container]))
      netavark.round((read) => {
        for (const [id, addresses] of read('ipam.db') ?? []) claim(byId.get(id), addresses)
      })
      const ofResult = createCniOwners(containers, byId)
      cni.round((read, list) => {
        for (const name of list()) {
          const result = read(name)
          if (result !== null) claim(ofResult(result), result.addresses)
        }
      })
      return owners
    },
  }
}

/** The container of a result: its own, that of the sandbox of its pod, or without a cgroup of the sandbox one of its pod. */
function createCniOwners(
  containers: readonly AddressedContainer[],
  byId: ReadonlyMap<string, AddressedContainer>,
): (result: CniResult) => AddressedContainer | undefined {
  const byPod = new Map<string, AddressedContainer[]>()
  for (const one of containers) {
    const known = byPod.get(nameOfPod(one.pod))
    if (known === undefined) byPod.set(nameOfPod(one.pod), [one])
    else known.push(one)
  }
  return ({ containerId, pod }) => {
    const [, longId] = LONG_CNI_ID.exec(containerId ?? '') ?? []
    const [, chosenId] = CTR_CNI_ID.exec(containerId ?? '') ?? []
    const own = byId.get(longId ?? `containerd/${chosenId ?? ''}`)
    if (own !== undefined || pod === null) return own
    return byPod.get(nameOfPod(pod))?.find((one) => isSamePod(one.pod, pod))
  }
}

function nameOfPod(pod: PodName | null): string {
  return pod === null ? '' : `${pod.namespace}/${pod.name}`
}

/** A pod that is created again has the same name, while a result of the one before may be left. */
function isSamePod(one: PodName | null, other: PodName): boolean {
  return one !== null && (one.uid === null || other.uid === null || one.uid === other.uid)
}
