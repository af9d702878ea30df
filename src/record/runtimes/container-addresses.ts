import { readCniAddresses, readDockerAddresses, readLxcAddresses, readNetavarkAddresses } from './address-files.js'
import { openDirectory, type ChangedFile, type Directory } from './read-beneath.js'

/** Where the files of root's containers are, below the host's root. */
const DOCKER = 'var/lib/docker/containers'
const CNI = 'var/lib/cni/results'
const NETAVARK = 'run/containers/networks'
const LXC = 'var/lib/lxc'
/** Names of libcni: network, id of the container, interface. nerdctl puts its namespace before the id. */
const CNI_RESULT = /-([0-9a-f]{64})-[^-]+$/
/** Names of LXC's containers: one component of a path. */
const LXC_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A container of root whose files are read. */
export interface AddressedContainer {
  /** `containerKey` */
  readonly key: string
  readonly id: string
  readonly runtime: string | null
}

/** Addresses of containers, in the files of their runtimes. */
export interface ContainerAddresses {
  /**
   * Reads the files that changed since the last call.
   * @returns by address, the key of the container that has it; `null`: more than one claims it
   */
  read(containers: readonly AddressedContainer[]): ReadonlyMap<string, string | null>
}

/** @param root descriptor of the host's root directory */
export function createContainerAddresses(root: number): ContainerAddresses {
  const docker = createFileCache((file) => readDockerAddresses(file.toString()))
  const cni = createFileCache((file, name) => readCniAddresses(file.toString(), idOfResult(name)))
  const netavark = createFileCache((file) => readNetavarkAddresses(file))
  const lxc = createFileCache((file) => readLxcAddresses(file.toString()))
  return {
    read(containers) {
      const owners = new Map<string, string | null>()
      const claim = ({ key }: AddressedContainer, addresses: readonly string[]) => {
        for (const address of addresses) owners.set(address, (owners.get(address) ?? key) === key ? key : null)
      }
      const byId = new Map(containers.map((container) => [container.id, container]))
      const of = (...runtimes: readonly string[]) =>
        containers.filter(({ runtime }) => runtimes.includes(runtime ?? ''))
      docker.round(root, DOCKER, (read) => {
        for (const one of of('docker')) claim(one, read(`${one.id}/config.v2.json`) ?? [])
      })
      lxc.round(root, LXC, (read) => {
        for (const one of of('lxc').filter(({ id }) => LXC_NAME.test(id))) claim(one, read(`${one.id}/config`) ?? [])
      })
      if (containers.length === 0) return owners
      netavark.round(root, NETAVARK, (read) => {
        for (const [id, addresses] of read('ipam.db') ?? []) {
          const one = byId.get(id)
          if (one !== undefined) claim(one, addresses)
        }
      })
      cni.round(root, CNI, (read, directory) => {
        for (const name of directory.list()) {
          const one = byId.get(idOfResult(name))
          if (one !== undefined) claim(one, read(name) ?? [])
        }
      })
      return owners
    },
  }
}

/** @returns an empty text for other names */
function idOfResult(name: string): string {
  return CNI_RESULT.exec(name)?.[1] ?? ''
}

/** @returns `null` for a file that is missing or unreadable */
type ReadFile<Value> = (path: string) => Value | null

interface FileCache<Value> {
  /** Calls `use` with a directory, if there is one. Files that it does not read are forgotten. */
  round(root: number, path: string, use: (read: ReadFile<Value>, directory: Directory) => void): void
}

function createFileCache<Value>(parse: (content: Buffer, name: string) => Value): FileCache<Value> {
  type Kept = Pick<ChangedFile, 'stamp'> & { readonly value: Value }
  let kept = new Map<string, Kept>()
  return {
    round(root, path, use) {
      const next = new Map<string, Kept>()
      const directory = openDirectory(root, path)
      const read = (name: string): Value | null => {
        const known = kept.get(name)
        const file = directory?.readChanged(name, known?.stamp ?? null) ?? null
        if (file === null) return null
        const now = file === 'same' ? known : { stamp: file.stamp, value: parse(file.content, name) }
        if (now !== undefined) next.set(name, now)
        return now?.value ?? null
      }
      try {
        if (directory !== null) use(read, directory)
      } finally {
        directory?.close()
      }
      kept = next
    },
  }
}
