import { safeText } from '../../text/safe-text.js'
import type { TopEndpoint, TopParties, TopProcess } from '../../top/window/top-attempt.js'
import type { MetricDimension } from '../options/parse-metrics.js'
import type { Attributes } from './metric.js'
import { createPlace, type Place } from './series-table.js'

/** Value of all labels of attempts that have no series of their own. */
const OTHER = 'other'
/** Limit of the places that are kept for one process. */
const MAX_KEPT = 64

interface Label<Of> {
  /** Attributes of OpenTelemetry */
  readonly names: readonly string[]
  readonly read: (of: Of) => readonly (string | null)[]
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

/** Where attempts count. */
export interface AttemptLabels {
  /** Labels without a value are left out: to Prometheus an empty value is none. */
  placeOf(parties: TopParties): Place
  /** Every label is `other`. */
  readonly other: Place
}

/** Names are bytes that anybody chooses: they become visible text here, as in all output. */
export function createAttemptLabels(by: readonly MetricDimension[]): AttemptLabels {
  // A pod has its namespace.
  const dimensions = by.filter((dimension) => dimension !== 'namespace' || !by.includes('pod'))
  const processLabels = dimensions.flatMap((dimension) => PROCESS_LABELS[dimension] ?? [])
  const endpointLabels = dimensions.flatMap((dimension) => ENDPOINT_LABELS[dimension] ?? [])
  const names = [...processLabels, ...endpointLabels].flatMap((label) => label.names)
  // A source passes the same object for the same process and endpoint: looking them up costs less than their texts.
  const known = new WeakMap<TopProcess, Map<TopEndpoint, Place>>()
  return {
    other: createPlace(names.map((name) => [name, OTHER])),
    placeOf({ process, endpoint }) {
      let places = known.get(process)
      if (places === undefined) known.set(process, (places = new Map()))
      let place = places.get(endpoint)
      if (place === undefined) {
        place = createPlace([...read(processLabels, process), ...read(endpointLabels, endpoint)])
        if (places.size >= MAX_KEPT) places.clear()
        places.set(endpoint, place)
      }
      return place
    },
  }
}

function read<Of>(labels: readonly Label<Of>[], of: Of): Attributes {
  return labels.flatMap(({ names, read: readValues }) => {
    const values = readValues(of)
    return names.flatMap((name, i): (readonly [string, string])[] => {
      const value = values[i] ?? ''
      // A file of a runtime can hold text that UTF-8 cannot.
      return value === '' ? [] : [[name, safeText(Buffer.from(value).toString())]]
    })
  })
}
