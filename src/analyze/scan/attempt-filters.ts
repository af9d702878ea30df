import { sql, type RawBuilder } from 'kysely'
import type { Pod } from '../../options/parse-pods.js'
import type { Prefix } from '../../options/parse-lists.js'
import { NO_FILTERS, type Filters } from '../../options/filters.js'

/** Filters of a query, like those of `record`. */
export interface AttemptFilters extends Filters {
  /** Numbers, or names in the trace. */
  readonly users: readonly (number | string)[]
  /** Paths as stored in the trace; includes descendants. */
  readonly cgroups: readonly string[]
}

export const NO_ATTEMPT_FILTERS: AttemptFilters = {
  ...NO_FILTERS,
  users: [],
  cgroups: [],
}

/** Filters by a column of `connect_attempt`, see row-filter.ts */
type RowFilters = Pick<AttemptFilters, 'outcomes' | 'minLatencyNs'>
type EndpointFilters = Pick<AttemptFilters, 'ports' | 'family' | 'destinations'>
/** All others: a new filter is one of these, unless it is listed above. */
type ProcessFilters = Omit<AttemptFilters, keyof RowFilters | keyof EndpointFilters>
/** The conditions of each filter; none leave nothing out. */
type Conditions<Some> = Readonly<Record<keyof Some, Condition[]>>

/** Whether a filter is set. */
export function hasFilters(filters: AttemptFilters): boolean {
  const { family, minLatencyNs, ...lists } = filters
  return family !== null || minLatencyNs > 0 || Object.values(lists).some((list) => list.length > 0)
}

type Condition = RawBuilder<unknown>

/** Conditions on columns of `process`, joined with its `cgroup` and `container`. */
export function processConditions(filters: AttemptFilters): Condition[] {
  const numbers = filters.users.filter((user) => typeof user === 'number')
  const names = filters.users.filter((user) => typeof user === 'string')
  const conditions: Conditions<ProcessFilters> = {
    pids: oneOf('process.pid', filters.pids),
    users: anyOf([...oneOf('process.uid', numbers), ...oneOf('process.user', names)]),
    comms: oneOf('process.comm', filters.comms),
    cgroups: anyOf(filters.cgroups.map(belowCgroup)),
    containers: anyOf(CONTAINER_NAMES.flatMap((name) => oneOf(name, filters.containers))),
    pods: anyOf(filters.pods.map(isOfPod)),
    namespaces: oneOf('container.pod_namespace', filters.namespaces),
  }
  return Object.values(conditions).flat()
}

/** Conditions on columns of `endpoint`. */
export function endpointConditions(filters: AttemptFilters): Condition[] {
  const conditions: Conditions<EndpointFilters> = {
    ports: oneOf('endpoint.remote_port', filters.ports),
    family: filters.family === null ? [] : [sql`endpoint.family = ${filters.family}`],
    destinations: anyOf(filters.destinations.map(insidePrefix)),
  }
  return Object.values(conditions).flat()
}

function oneOf(column: string, values: readonly (string | number)[]): Condition[] {
  return values.length === 0 ? [] : [sql`${sql.ref(column)} IN (${sql.join(values)})`]
}

function anyOf(conditions: readonly Condition[]): Condition[] {
  return conditions.length === 0 ? [] : [sql`(${sql.join(conditions, sql` OR `)})`]
}

/** What a container may be called. In a pod, `container_name` is the runtime's name, which nobody types. */
const CONTAINER_NAMES = [
  'container.pod_container_name',
  'container.container_name',
  'container.container_id',
  'cgroup.container',
]

function isOfPod({ namespace, name }: Pod): Condition {
  return sql`(container.pod_namespace = ${namespace} AND container.pod_name = ${name})`
}

function belowCgroup(path: string): Condition {
  const prefix = path.endsWith('/') ? path : `${path}/`
  return sql`(cgroup.path = ${path} OR substr(cgroup.path, 1, ${prefix.length}) = ${prefix})`
}

function insidePrefix(prefix: Prefix): Condition {
  const { first, last } = prefixRange(prefix)
  return sql`endpoint.address BETWEEN ${first} AND ${last}`
}

/** The first and the last address of a network, as 16 bytes that sort like numbers. */
export function prefixRange({ address, length }: Prefix): { first: Buffer; last: Buffer } {
  const first = Buffer.from(address)
  const last = Buffer.from(address)
  for (let bit = length; bit < 128; bit++) {
    const mask = 128 >> (bit & 7)
    first[bit >> 3]! &= ~mask
    last[bit >> 3]! |= mask
  }
  return { first, last }
}
