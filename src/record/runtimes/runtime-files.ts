import { NO_FACTS, type ContainerFacts } from './container-facts.js'
import { endOfObject } from './end-of-object.js'
import { cleanText, fieldOf, fieldsOf, parseFields, textOf, type Fields } from './json-fields.js'

/** Labels of Kubernetes in Docker's and CRI-O's files. */
const POD = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  podContainer: 'io.kubernetes.container.name',
} as const
const CRI = 'io.kubernetes.cri.'

/** Docker's config.v2.json. In a pod (cri-dockerd) the labels have the names of Kubernetes. */
export function readDockerConfig(text: string): ContainerFacts {
  const root = parseFields(text)
  const config = fieldsOf(fieldOf(root, 'Config'))
  const labels = fieldsOf(fieldOf(config, 'Labels'))
  const isSandbox = textOf(labels, 'io.kubernetes.docker.type') === 'podsandbox'
  return {
    runtime: 'docker',
    name: cleanText(textOf(root, 'Name')?.replace(/^\//, '')),
    image: textOf(config, 'Image'),
    ...podOf(labels),
    ...(isSandbox ? { podContainer: null } : {}),
  }
}

/** config.json of the Open Container Initiative, as containerd, nerdctl and CRI-O write it. */
export function readOciConfig(text: string): ContainerFacts {
  const annotations = fieldsOf(fieldOf(parseFields(text), 'annotations'))
  if (textOf(annotations, `${CRI}container-type`) !== null) return readCri(annotations)
  if (textOf(annotations, 'io.kubernetes.cri-o.ContainerType') !== null) return readCrio(annotations)
  return {
    ...NO_FACTS,
    runtime: 'containerd',
    name: textOf(annotations, 'nerdctl/name'),
    image: textOf(annotations, 'nerdctl/image-name'),
  }
}

/** containerd's CRI: pkg/cri/annotations. The sandbox is the pause container. */
function readCri(annotations: Fields): ContainerFacts {
  return {
    runtime: 'containerd',
    name: null,
    image: textOf(annotations, `${CRI}image-name`),
    podName: textOf(annotations, `${CRI}sandbox-name`),
    podNamespace: textOf(annotations, `${CRI}sandbox-namespace`),
    podUid: textOf(annotations, `${CRI}sandbox-uid`),
    podContainer: textOf(annotations, `${CRI}container-name`),
  }
}

function readCrio(annotations: Fields): ContainerFacts {
  const isSandbox = textOf(annotations, 'io.kubernetes.cri-o.ContainerType') === 'sandbox'
  return {
    runtime: 'cri-o',
    name: textOf(annotations, 'io.kubernetes.cri-o.Name'),
    image: textOf(annotations, 'io.kubernetes.cri-o.ImageName', 'io.kubernetes.cri-o.Image'),
    ...podOf(annotations),
    ...(isSandbox ? { podContainer: null } : {}),
  }
}

function podOf(labels: Fields): Pick<ContainerFacts, keyof typeof POD> {
  return {
    podName: textOf(labels, POD.podName),
    podNamespace: textOf(labels, POD.podNamespace),
    podUid: textOf(labels, POD.podUid),
    podContainer: textOf(labels, POD.podContainer),
  }
}

/**
 * One container of podman's containers.json, a list of all in order of creation.
 * @param text the file, or its end
 * @returns `null` if the container is not in it
 */
export function findPodmanContainer(text: string, id: string): ContainerFacts | null {
  // Quotes inside of texts are escaped, so this begins an object.
  const from = text.indexOf(`{"id":"${id}"`)
  if (from === -1) return null
  const entry = parseFields(text.slice(from, endOfObject(text, from)))
  const names = fieldOf(entry, 'names')
  const metadata = parseFields(textOfJson(fieldOf(entry, 'metadata')))
  return {
    ...NO_FACTS,
    runtime: 'podman',
    name: cleanText(Array.isArray(names) ? names[0] : null) ?? textOf(metadata, 'name'),
    image: textOf(metadata, 'image-name'),
  }
}

const textOfJson = (value: unknown) => (typeof value === 'string' ? value : '')
