import { NO_FACTS, type ContainerFacts } from './container-facts.js'
import { cleanText } from './json-fields.js'
import { openDirectory } from './read-beneath.js'

/** Names of pods and containers contain no underscore. */
const CONTAINER_LOG = /^([^_]+)_([^_]+)_([^_]+)-([0-9a-f]{64})\.log$/
const POD_LOGS = /^([^_]+)_([^_]+)_([0-9a-f-]{12,})$/

/** The names in kubelet's log directories, which outlive containers. */
export interface KubeletLogs {
  /** By container id; otherwise by the uid of its pod, without the container. `null`: not in them */
  find(id: string, podUid: string | null): ContainerFacts | null
}

/**
 * Reads the names of /var/log/containers and /var/log/pods, not the files.
 * @param root descriptor of the host's root directory
 */
export function readKubeletLogs(root: number): KubeletLogs {
  const containers = new Map<string, ContainerFacts>()
  for (const name of listNames(root, 'var/log/containers')) {
    const [, podName, podNamespace, podContainer, id] = CONTAINER_LOG.exec(name) ?? []
    if (id !== undefined) containers.set(id, factsOf({ podName, podNamespace, podContainer }))
  }
  const pods = new Map<string, ContainerFacts>()
  for (const name of listNames(root, 'var/log/pods')) {
    const [, podNamespace, podName, podUid] = POD_LOGS.exec(name) ?? []
    if (podUid !== undefined) pods.set(podUid, factsOf({ podName, podNamespace, podUid }))
  }
  return {
    find(id, podUid) {
      const pod = podUid === null ? null : (pods.get(podUid) ?? null)
      const container = containers.get(id)
      return container === undefined ? pod : { ...container, podUid }
    },
  }
}

function factsOf(parts: { readonly [Name in keyof ContainerFacts]?: string | undefined }): ContainerFacts {
  const clean = Object.entries(parts).map(([name, text]) => [name, cleanText(text)])
  return { ...NO_FACTS, ...(Object.fromEntries(clean) as Partial<ContainerFacts>) }
}

function listNames(root: number, path: string): string[] {
  const directory = openDirectory(root, path)
  if (directory === null) return []
  try {
    return directory.list()
  } finally {
    directory.close()
  }
}
