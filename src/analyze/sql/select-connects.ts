import type { Database } from 'better-sqlite3'
import { CONNECT_COLUMNS } from '../../attempt/connect-columns.js'
import { type AttemptFilters, prefixRange } from '../scan/attempt-filters.js'
import { isAllTime } from '../scan/clock-segments.js'
import type { Scope, SessionPart } from '../scan/scope.js'

/** Columns in addition to those of the view in the file, in order. */
export function missingColumns(db: Database): string[] {
  const version = Number(db.pragma('user_version', { simple: true }))
  return CONNECT_COLUMNS.filter((column) => 'since' in column && column.since > version).map(({ name }) => name)
}

/** SQL for the rows of `connects` in a scope, over all files. Uses literals, because a view cannot have parameters. */
export function selectConnects(scope: Scope, schemas: ReadonlyMap<SessionPart['trace'], string>): string {
  const hasHosts = schemas.size > 1
  return [...schemas]
    .map(([trace, schema]) => {
      const parts = scope.parts.filter((part) => part.trace === trace)
      const conditions = [anyOf(parts.map(partCondition)), ...filterConditions(scope.filters, schema)]
      const host = `(SELECT host FROM ${schema}.session WHERE session.session_id = c.session_id) AS host`
      const later = missingColumns(trace.db).map((name) => `, NULL AS ${name}`)
      const columns = `c.*${later.join('')}${hasHosts ? `, ${host}` : ''}`
      return `SELECT ${columns} FROM ${schema}.connects AS c WHERE ${conditions.join(' AND ')}`
    })
    .join(' UNION ALL ')
}

/** Whether a scope covers its sessions completely. */
export function coversAll({ parts, filters }: Scope): boolean {
  return parts.every(({ segments }) => isAllTime(segments)) && filterConditions(filters, 'main').length === 0
}

function partCondition({ sessionId, segments }: SessionPart): string {
  const times = segments.map(({ fromNs, toNs, unixOffsetNs }) => {
    const from = fromNs > -Infinity ? `started_ns >= ${unixOffsetNs + BigInt(Math.ceil(fromNs))}` : '1'
    const to = toNs < Infinity ? `started_ns < ${unixOffsetNs + BigInt(Math.ceil(toNs))}` : '1'
    return `${from} AND ${to}`
  })
  return isAllTime(segments) ? `session_id = ${sessionId}` : `session_id = ${sessionId} AND ${anyOf(times)}`
}

function filterConditions(filters: AttemptFilters, schema: string): string[] {
  const users = filters.users.map((user) => (typeof user === 'number' ? `uid = ${user}` : `user = ${quote(user)}`))
  const below = (path: string) => {
    const prefix = path.endsWith('/') ? path : `${path}/`
    return `cgroup = ${quote(path)} OR substr(cgroup, 1, ${prefix.length}) = ${quote(prefix)}`
  }
  const inside = (prefix: AttemptFilters['destinations'][number]) => {
    const { first, last } = prefixRange(prefix)
    const [from, to] = [first, last].map((bytes) => `x'${bytes.toString('hex')}'`)
    return `remote_address IN (SELECT remote_address FROM ${schema}.endpoint WHERE address BETWEEN ${from} AND ${to})`
  }
  const conditions: Readonly<Record<keyof AttemptFilters, string[]>> = {
    pids: filters.pids.map((pid) => `pid = ${pid}`),
    users,
    comms: filters.comms.map((comm) => `comm = ${quote(comm)}`),
    cgroups: filters.cgroups.map(below),
    ports: filters.ports.map((port) => `remote_port = ${port}`),
    family: filters.family === null ? [] : [`family = ${filters.family}`],
    destinations: filters.destinations.map(inside),
    minLatencyNs: filters.minLatencyNs > 0 ? [`latency_ns >= ${filters.minLatencyNs}`] : [],
    outcomes: filters.outcomes.map((outcome) => `outcome = ${quote(outcome)}`),
    // In older traces, whose view lacks some of these columns, `selectConnects` adds them as NULL.
    containers: filters.containers.map((name) => `${quote(name)} IN (container, container_id, container_name)`),
    pods: filters.pods.map(
      ({ namespace, name }) => `pod_namespace = ${quote(namespace)} AND pod_name = ${quote(name)}`,
    ),
    namespaces: filters.namespaces.map((namespace) => `pod_namespace = ${quote(namespace)}`),
  }
  return Object.values(conditions)
    .filter((list) => list.length > 0)
    .map(anyOf)
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '0' : `(${conditions.map((condition) => `(${condition})`).join(' OR ')})`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
