import { OUTCOMES } from '../../store/outcome.js'
import type { Value } from '../result/result.js'
import { AT } from '../trace/attempt-columns.js'
import type { Scope } from '../trace/scope.js'
import type { Dimension } from './dimension.js'
import { attemptsOf } from './group-values.js'
import type { Latencies } from './latencies.js'
import { createNumbering } from './numbering.js'
import { sumUp, type Group } from './sum-up.js'

/** Attempts with 0, 1, 2, and 3 or more SYN retransmits. */
const CLASSES = 4
const TIMED_OUT = OUTCOMES.indexOf('timed_out')
const NOTHING: Latencies = { buckets: [], values: null, maxNs: null }

/** Attempts to an endpoint by their SYN retransmits: 0, 1, 2, and 3 or more. */
export interface EndpointRetransmits {
  /** Key of the endpoints' dimension */
  readonly key: readonly Value[]
  readonly attempts: readonly number[]
  readonly latencies: readonly Latencies[]
  readonly timedOut: number
}

/** The key is how many retransmits, and that of the endpoint. Pending attempts count as ones without. */
function byRetransmits(endpoint: Dimension): Dimension {
  return {
    name: 'retransmits',
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
 * Sums up a scope by endpoint and SYN retransmits, endpoints without any too.
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
  return {
    key: known[0]?.key.slice(1) ?? [],
    attempts: all.map((group) => (group ? attemptsOf(group) : 0)),
    latencies: all.map((group) => group?.latencies ?? NOTHING),
    timedOut: known.reduce((sum, { counts }) => sum + (counts[TIMED_OUT] as number), 0),
  }
}
