import { OUTCOMES } from '../../../attempt/outcome.js'
import type { Value } from '../../result/result.js'
import { AT } from '../../scan/attempt-columns.js'
import type { Scope } from '../../scan/scope.js'
import type { Dimension } from '../../group/dimension.js'
import { attemptsOf } from '../../group/group-values.js'
import { createLatencyReader, mergeLatencies, type Latencies } from '../../group/latencies.js'
import { createNumbering } from '../../group/intern-keys.js'
import { sumUp, type Group } from '../../group/sum-up.js'

/** Attempts with 0, 1, 2, and 3 or more SYN retransmits. */
const CLASSES = 4
const TIMED_OUT = OUTCOMES.indexOf('timed_out')
const NOTHING: Latencies = { buckets: [], values: null, maxNs: null }

/** Attempts to an endpoint, by SYN retransmits. */
export interface EndpointRetransmits {
  /** Key in the dimension of endpoints */
  readonly key: readonly Value[]
  readonly attempts: number
  /** Attempts with at least one SYN retransmit */
  readonly retransmitted: number
  /** Attempts with 0, 1, 2, and 3 or more SYN retransmits */
  readonly counts: readonly number[]
  readonly latencies: readonly Latencies[]
  readonly timedOut: number
}

/** An endpoint with the p50 of its attempts without and with retransmits, in ns; `null` without a latency. */
export interface EndpointRow extends EndpointRetransmits {
  readonly withoutNs: number | null
  readonly withNs: number | null
  /** The difference of both p50, in ns */
  readonly addedNs: number | null
}

/**
 * The key is the number of retransmits and the key of the endpoint. Pending attempts count as attempts without
 * retransmits.
 */
function byRetransmits(endpoint: Dimension): Dimension {
  return {
    source: 'attempt',
    columns: [],
    keys(part) {
      const keyOf = endpoint.keys(part)
      return (id) => [id % CLASSES, ...keyOf(Math.floor(id / CLASSES))]
    },
    attempt: {
      columns: ['endpoint_id', 'syn_retransmits'],
      id: () => (row) => {
        const retransmits = (row[AT.syn_retransmits] as number) | 0
        return (row[AT.endpoint_id] as number) * CLASSES + Math.min(retransmits, CLASSES - 1)
      },
    },
  }
}

/**
 * Sums up a scope by endpoint and SYN retransmits, including endpoints without retransmits.
 * @param dimension of endpoints
 */
export function sumUpRetransmits(scope: Scope, dimension: Dimension): EndpointRetransmits[] {
  const endpoints: (Group | undefined)[][] = []
  const numberOf = createNumbering(() => endpoints.push([]))
  for (const group of sumUp(scope, byRetransmits(dimension))) {
    const [retransmits, ...key] = group.key
    endpoints[numberOf(key)]![Number(retransmits)] = group
  }
  return endpoints.map(describe)
}

function describe(groups: readonly (Group | undefined)[]): EndpointRetransmits {
  const all = Array.from({ length: CLASSES }, (_, i) => groups[i])
  const known = all.filter((group) => group !== undefined)
  const counts = all.map((group) => (group ? attemptsOf(group) : 0))
  const attempts = counts.reduce((sum, count) => sum + count, 0)
  return {
    key: known[0]?.key.slice(1) ?? [],
    attempts,
    retransmitted: attempts - (counts[0] as number),
    counts,
    latencies: all.map((group) => group?.latencies ?? NOTHING),
    timedOut: known.reduce((sum, group) => sum + (group.counts[TIMED_OUT] as number), 0),
  }
}

/** Adds the percentiles, one endpoint at a time. */
export function createEndpointRow(): (endpoint: EndpointRetransmits) => EndpointRow {
  const reader = createLatencyReader()
  const p50Of = (latencies: readonly Latencies[]) => reader.percentile(mergeLatencies(latencies), 50)
  return (endpoint) => {
    const [withoutNs, withNs] = [p50Of(endpoint.latencies.slice(0, 1)), p50Of(endpoint.latencies.slice(1))]
    const addedNs = withoutNs === null || withNs === null ? null : withNs - withoutNs
    return { ...endpoint, withoutNs, withNs, addedNs }
  }
}
