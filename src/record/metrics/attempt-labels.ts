import { safeText } from '../../text/safe-text.js'
import type { TopEndpoint, TopParties, TopProcess } from '../../top/window/top-attempt.js'
import type { MetricDimension } from '../options/parse-metrics.js'
import type { Attributes } from './metric.js'

/** Value of all labels of attempts that have no series of their own. */
export const OTHER = 'other'

type Values = readonly (string | null)[]

interface Label<Of> {
  /** Attributes of OpenTelemetry */
  readonly names: readonly string[]
  readonly read: (of: Of) => Values
}

const PROCESS_LABELS: Partial<Record<MetricDimension, Label<TopProcess>>> = {
  comm: { names: ['thread.name'], read: ({ comm }) => [comm] },
  container: {
    names: ['container.name'],
    read: ({ containerName, container }) => [containerName ?? container],
  },
  pod: {
    names: ['k8s.namespace.name', 'k8s.pod.name'],
    read: ({ podNamespace, podName }) => [podNamespace, podName],
  },
  namespace: { names: ['k8s.namespace.name'], read: ({ podNamespace }) => [podNamespace] },
}

const ENDPOINT_LABELS: Partial<Record<MetricDimension, Label<TopEndpoint>>> = {
  address: { names: ['network.peer.address'], read: ({ remoteAddress }) => [remoteAddress] },
  port: { names: ['network.peer.port'], read: ({ remotePort }) => [String(remotePort)] },
}

/** Where an attempt counts. */
export interface AttemptLabels {
  /** Text that differs between attempts with other labels */
  keyOf(parties: TopParties): string
  /** Labels that have no value are left out, as Prometheus takes an empty value. */
  attributesOf(parties: TopParties): Attributes
  /** Every label is `other`. */
  readonly other: Attributes
  readonly otherKey: string
}

/** Names are bytes that anybody chooses: they become visible text here, as in all output. */
export function createAttemptLabels(by: readonly MetricDimension[]): AttemptLabels {
  // A pod has its namespace.
  const dimensions = by.filter((dimension) => dimension !== 'namespace' || !by.includes('pod'))
  const process = createPart(dimensions.map((dimension) => PROCESS_LABELS[dimension]))
  const endpoint = createPart(dimensions.map((dimension) => ENDPOINT_LABELS[dimension]))
  const namesOf = (labels: typeof PROCESS_LABELS | typeof ENDPOINT_LABELS) =>
    dimensions.flatMap((dimension) => labels[dimension]?.names ?? [])
  const other = [...namesOf(PROCESS_LABELS), ...namesOf(ENDPOINT_LABELS)].map((name) => [name, OTHER] as const)
  return {
    keyOf: (parties) => process(parties.process).key + endpoint(parties.endpoint).key,
    attributesOf: (parties) => [...process(parties.process).attributes, ...endpoint(parties.endpoint).attributes],
    other,
    otherKey: keyOf(other),
  }
}

interface Part {
  readonly key: string
  readonly attributes: Attributes
}

/** Reads each object once: a known process or endpoint is the same object. */
function createPart<Of extends object>(labels: readonly (Label<Of> | undefined)[]): (of: Of) => Part {
  const used = labels.filter((label) => label !== undefined)
  const known = new WeakMap<Of, Part>()
  const read = (of: Of): Part => {
    const attributes = used.flatMap(({ names, read: readValues }) => {
      const values = readValues(of)
      return names.flatMap((name, i): (readonly [string, string])[] => {
        const value = values[i] ?? ''
        return value === '' ? [] : [[name, safeText(Buffer.from(value).toString())]]
      })
    })
    return { attributes, key: keyOf(attributes) }
  }
  return (of) => {
    let part = known.get(of)
    if (part === undefined) known.set(of, (part = read(of)))
    return part
  }
}

/** Values have no control characters: safeText makes them visible. */
function keyOf(attributes: Attributes): string {
  return attributes.map(([name, value]) => `${name}\n${value}\n`).join('')
}
