import { OUTCOMES } from '../../store/outcome.js'
import type { Value } from '../result/result.js'
import { AT } from '../trace/attempt-columns.js'
import type { Scope } from '../trace/scope.js'
import type { Dimension } from './dimension.js'
import { BY_ENDPOINT } from './dimensions.js'
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
  readonly remoteAddress: Value
  readonly remotePort: Value
  readonly attempts: readonly number[]
  readonly latencies: readonly Latencies[]
  readonly timedOut: number
}

/** The key is that of the endpoint, and how many retransmits. Pending attempts count as ones without. */
const BY_RETRANSMITS: Dimension = {
  name: 'retransmits',
  source: 'attempt',
  columns: [],
  keys(part) {
    const endpointKey = BY_ENDPOINT.keys(part)
    return (id) => [...endpointKey(Math.floor(id / CLASSES)), id % CLASSES]
  },
  attempt: {
    columns: ['endpoint_id', 'syn_retransmits'],
    id: () => (row) => {
      const retransmits = (row[AT.syn_retransmits] as number) | 0
      return (row[AT.endpoint_id] as number) * CLASSES + Math.min(retransmits, CLASSES - 1)
    },
  },
}

/** Sums up a scope by endpoint and SYN retransmits, endpoints without any too. */
export function sumUpRetransmits(scope: Scope): EndpointRetransmits[] {
  const endpoints: (Group | undefined)[][] = []
  const numberOf = createNumbering(() => endpoints.push([]))
  for (const group of sumUp(scope, BY_RETRANSMITS)) {
    const [address, port, retransmits] = group.key as [Value, Value, number]
    endpoints[numberOf([address, port])]![retransmits] = group
  }
  return endpoints.map(describe)
}

function describe(groups: readonly (Group | undefined)[]): EndpointRetransmits {
  const all = Array.from({ length: CLASSES }, (_, i) => groups[i])
  const known = all.filter((group) => group !== undefined)
  const [remoteAddress, remotePort] = known[0]?.key ?? []
  return {
    remoteAddress: remoteAddress ?? null,
    remotePort: remotePort ?? null,
    attempts: all.map((group) => (group ? attemptsOf(group) : 0)),
    latencies: all.map((group) => group?.latencies ?? NOTHING),
    timedOut: known.reduce((sum, { counts }) => sum + (counts[TIMED_OUT] as number), 0),
  }
}
