import { sql, type RawBuilder } from 'kysely'
import type { Prefix } from '../../options/parse-lists.js'
import type { Outcome } from '../../store/outcome.js'

/** Which attempts a query covers, as `record` filters them. Empty lists and `null` leave nothing out. */
export interface AttemptFilters {
  readonly pids: readonly number[]
  /** Numbers, or names that the trace holds. */
  readonly users: readonly (number | string)[]
  readonly comms: readonly string[]
  /** Paths as the trace holds them; what is below them is covered too. */
  readonly cgroups: readonly string[]
  readonly ports: readonly number[]
  readonly family: 4 | 6 | null
  readonly destinations: readonly Prefix[]
  readonly minLatencyNs: number
  readonly outcomes: readonly Outcome[]
}

export const NO_FILTERS: AttemptFilters = {
  pids: [],
  users: [],
  comms: [],
  cgroups: [],
  ports: [],
  family: null,
  destinations: [],
  minLatencyNs: 0,
  outcomes: [],
}

/** Whether filters leave anything out. */
export function hasFilters(filters: AttemptFilters): boolean {
  const { family, minLatencyNs, ...lists } = filters
  return family !== null || minLatencyNs > 0 || Object.values(lists).some((list) => list.length > 0)
}

type Condition = RawBuilder<unknown>

/** Conditions on columns of `process`, joined with its `cgroup`. */
export function processConditions(filters: AttemptFilters): Condition[] {
  const numbers = filters.users.filter((user) => typeof user === 'number')
  const names = filters.users.filter((user) => typeof user === 'string')
  return [
    ...oneOf('process.pid', filters.pids),
    ...anyOf([...oneOf('process.uid', numbers), ...oneOf('process.user', names)]),
    ...oneOf('process.comm', filters.comms),
    ...anyOf(filters.cgroups.map(belowCgroup)),
  ]
}

/** Conditions on columns of `endpoint`. */
export function endpointConditions(filters: AttemptFilters): Condition[] {
  return [
    ...oneOf('endpoint.remote_port', filters.ports),
    ...(filters.family === null ? [] : [sql`endpoint.family = ${filters.family}`]),
    ...anyOf(filters.destinations.map(insidePrefix)),
  ]
}

function oneOf(column: string, values: readonly (string | number)[]): Condition[] {
  return values.length === 0 ? [] : [sql`${sql.ref(column)} IN (${sql.join(values)})`]
}

function anyOf(conditions: readonly Condition[]): Condition[] {
  return conditions.length === 0 ? [] : [sql`(${sql.join(conditions, sql` OR `)})`]
}

function belowCgroup(path: string): Condition {
  const prefix = path.endsWith('/') ? path : `${path}/`
  return sql`(cgroup.path = ${path} OR substr(cgroup.path, 1, ${prefix.length}) = ${prefix})`
}

function insidePrefix(prefix: Prefix): Condition {
  const { first, last } = prefixRange(prefix)
  return sql`endpoint.address BETWEEN ${first} AND ${last}`
}

/** The first and the last address of a network: 16 bytes, which compare like numbers. */
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
