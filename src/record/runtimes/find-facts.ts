import type { ContainerIdentity } from '../../attempt/container-identity.js'
import { firstOf } from '../host/first-of.js'
import { NO_POD, type ContainerFacts } from './container-facts.js'
import { openDirectory, type Directory } from './read-beneath.js'
import { findPodmanContainer, readDockerConfig, readOciConfig } from './runtime-files.js'

/** Where the files of root's containers are, below the host's root. k3s has its own containerd. */
const CONTAINERD = ['run', 'run/k3s'].map((state) => `${state}/containerd/io.containerd.runtime.v2.task`)
const DOCKER = 'var/lib/docker/containers'
const STORAGES = ['var/lib/containers/storage', 'run/containers/storage']
/** Likewise of a user's containers, below the home directory. */
const USER_DOCKER = '.local/share/docker/containers'
const USER_STORAGE = '.local/share/containers/storage'
/** Storage drivers of containers/storage, the most frequent first. Not listed: a user can make any number of directories. */
const DRIVERS = ['overlay', 'vfs', 'btrfs', 'zfs', 'devicemapper', 'aufs'].map((driver) => `${driver}-containers`)
const PODMAN_FILES = ['containers.json', 'volatile-containers.json']
const LONG_ID = /^[0-9a-f]{64}$/
/** containerd: identifiers */
const CHOSEN_ID = /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/
/** Limit of namespaces of containerd: k8s.io, default, moby. */
const MAX_NAMESPACES = 64

/** The places of runtimes. */
export interface RuntimePlaces {
  /** Descriptor of the host's root directory */
  readonly root: number
  /** Home directory of a user of the host, `null` if it has none */
  homeOf(uid: number): string | null
}

/**
 * Searches the files of all runtimes for a container: a path does not always tell its runtime. A user's containers are
 * in the user's files only, so that no user can name a container of others.
 * @returns `null` if there is no file of it; a nested container has none on the host
 */
export function findFacts(places: RuntimePlaces, identity: ContainerIdentity): ContainerFacts | null {
  try {
    return searchFiles(places, identity)
  } catch {
    // A user's file system may fail in any call. It must not end the names of all other containers.
    return null
  }
}

function searchFiles({ root, homeOf }: RuntimePlaces, identity: ContainerIdentity): ContainerFacts | null {
  const { id, runtime, ownerUid, isNested } = identity
  if (isNested) return null
  const isLong = LONG_ID.test(id)
  if (isLong && ownerUid !== null) {
    const home = homeOf(ownerUid)
    return home === null ? null : inDirectory(root, home, (directory) => findOfUser(directory, ownerUid, identity))
  }
  // Other ids are chosen by users, and file names here.
  const isCtr = runtime === 'containerd' && CHOSEN_ID.test(id)
  if (!isLong && !isCtr) return null
  const inTasks = () => firstOf(CONTAINERD, (path) => inDirectory(root, path, (directory) => findTask(directory, id)))
  if (!isLong) return inTasks()
  return (
    inDirectory(root, DOCKER, (directory) => readDocker(directory, '.', id)) ??
    firstOf(STORAGES, (path) => inDirectory(root, path, (directory) => findInStorage(directory, '.', identity))) ??
    inTasks()
  )
}

/** Only in a home directory that the user owns. Its files name no pod: the user can write any. */
function findOfUser(home: Directory, uid: number, identity: ContainerIdentity): ContainerFacts | null {
  if (home.uid !== uid) return null
  const facts = findInStorage(home, USER_STORAGE, identity) ?? readDocker(home, USER_DOCKER, identity.id)
  return facts && { ...facts, ...NO_POD }
}

function readDocker(directory: Directory, path: string, id: string): ContainerFacts | null {
  const file = directory.read(`${path}/${id}/config.v2.json`)
  return file && readDockerConfig(file.toString())
}

/** Podman has one file for all containers of a storage driver, CRI-O one for each, in the same storage. */
function findInStorage(directory: Directory, path: string, identity: ContainerIdentity): ContainerFacts | null {
  const { id, runtime } = identity
  const ofCrio = (driver: string) => {
    const file = directory.read(`${path}/${driver}/${id}/userdata/config.json`)
    const facts = file && readOciConfig(file.toString())
    return facts?.runtime === 'cri-o' ? facts : null
  }
  const ofPodman = (driver: string) =>
    firstOf(PODMAN_FILES, (name) => {
      const file = directory.read(`${path}/${driver}/${name}`, 'end')
      return file && findPodmanContainer(file.toString(), id)
    })
  return (runtime === 'podman' ? null : firstOf(DRIVERS, ofCrio)) ?? firstOf(DRIVERS, ofPodman)
}

function findTask(directory: Directory, id: string): ContainerFacts | null {
  return firstOf(directory.list().slice(0, MAX_NAMESPACES), (namespace) => {
    const file = directory.read(`${namespace}/${id}/config.json`)
    return file && readOciConfig(file.toString())
  })
}

function inDirectory<Found>(root: number, path: string, find: (directory: Directory) => Found | null): Found | null {
  const directory = openDirectory(root, path)
  if (directory === null) return null
  try {
    return find(directory)
  } finally {
    directory.close()
  }
}
