import { closeSync, constants, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { identifyContainer } from '../../attempt/container-identity.js'
import { containerName } from '../../attempt/container-name.js'
import { UsageError } from '../../base/errors.js'
import type { RawFilters } from '../../options/filters.js'
import { parsePods } from '../../options/parse-pods.js'
import { mergeFacts, type ContainerFacts } from '../runtimes/container-facts.js'
import { findFacts } from '../runtimes/find-facts.js'
import { createCgroupPaths } from '../host/cgroup-paths.js'
import type { HostView } from '../host/host-view.js'
import { createFileUsers } from '../host/user-names.js'

/** uapi/asm-generic/fcntl.h; Node.js does not define it. */
const O_PATH = 0o10000000

/** Containers that `record` is limited to, as typed. */
type RawContainerFilters = Pick<RawFilters, 'container' | 'pod' | 'namespace'>

/** A running container. */
interface Running {
  readonly id: string
  readonly shortId: string | null
  readonly facts: ContainerFacts
  /** Directory of its own cgroup */
  readonly directory: string
}

/**
 * The cgroups of the containers that run now and that each of the options names, by one of its values. A container that starts later has another
 * cgroup: the kernel could not know its name at its first connect.
 * @throws UsageError for a value that no running container matches, and for values that none has together
 */
export function findContainerCgroups(raw: RawContainerFilters, host: Pick<HostView, 'root' | 'cgroups'>): string[] {
  const tests = createTests(raw)
  if (tests.length === 0) return []
  const running = listRunning(host)
  for (const { option, text, accepts } of tests) {
    if (!running.some(accepts)) throw new UsageError(option, text, describeAccepted(host, running.length))
  }
  const options = [...new Set(tests.map(({ option }) => option))]
  const found = running.filter((container) =>
    options.every((name) => tests.some(({ option, accepts }) => option === name && accepts(container))),
  )
  if (found.length > 0) return [...new Set(found.map(({ directory }) => directory))]
  const { text } = tests[0] as ContainerTest
  throw new UsageError(options.join(' and '), text, 'values that the same running container has')
}

/** Why no container has a value. */
function describeAccepted({ root, cgroups }: Pick<HostView, 'root' | 'cgroups'>, count: number): string {
  if (root === null)
    return 'a container, but the files of the host are not visible: mount its root directory, and use --host-root'
  if (cgroups === null || !cgroups.isWhole)
    return 'a container, but the cgroups of the host are not visible: see tcpconn doctor'
  return `a container that runs now on this host (${count} containers run)`
}

interface ContainerTest {
  readonly option: string
  readonly text: string
  accepts(container: Running): boolean
}

function createTests({ container = [], pod = [], namespace = [] }: RawContainerFilters): ContainerTest[] {
  const pods = parsePods(pod)
  return [
    ...container.map((text) => ({
      option: '--container',
      text,
      accepts: ({ id, shortId, facts }: Running) => [id, shortId, facts.podContainer, facts.name].includes(text),
    })),
    ...pods.map(({ namespace: space, name }, i) => ({
      option: '--pod',
      text: pod[i] ?? '',
      accepts: ({ facts }: Running) => facts.podNamespace === space && facts.podName === name,
    })),
    ...namespace.map((text) => ({
      option: '--namespace',
      text,
      accepts: ({ facts }: Running) => facts.podNamespace === text,
    })),
  ]
}

/** Cgroups that a container creates below its own are covered by it. */
function listRunning({ root, cgroups }: Pick<HostView, 'root' | 'cgroups'>): Running[] {
  if (root === null || cgroups === null) return []
  const users = createFileUsers(root)
  const rootFd = openSync(`${root}/.`, O_PATH | constants.O_DIRECTORY)
  const places = { root: rootFd, homeOf: (uid: number) => users.byUid(uid)?.home ?? null }
  try {
    return [...createCgroupPaths(cgroups).existing()].flatMap((path) => {
      const identity = identifyContainer(path)
      if (identity === null || identifyContainer(dirname(path))?.id === identity.id) return []
      const facts = mergeFacts(identity, findFacts(places, identity) ?? undefined)
      return [{ id: identity.id, shortId: containerName(path), facts, directory: join(cgroups.path, path) }]
    })
  } finally {
    closeSync(rootFd)
  }
}
