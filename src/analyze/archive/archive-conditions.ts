import type { AttemptFilters } from '../scan/attempt-filters.js'
import type { Values } from './duckdb.js'

/** Conditions on the columns of a file, with bound parameters. */
export interface ArchiveConditions {
  /** SQL, joined by AND */
  readonly where: string
  readonly values: Values
}

/**
 * Conditions that the attempts of filters and a time meet; others may meet them too, since the trace is filtered again. Filters that
 * are not compared with one column are left out.
 */
export function archiveConditions(
  filters: AttemptFilters,
  { since, until }: { readonly since: bigint | null; readonly until: bigint | null },
): ArchiveConditions {
  const conditions = ['true']
  const values: Record<string, Values[string]> = {}
  const bind = (value: Values[string]) => {
    const name = `value${Object.keys(values).length}`
    values[name] = value
    return typeof value === 'bigint' ? `CAST($${name} AS BIGINT)` : `$${name}`
  }
  const oneOf = (column: string, all: readonly (string | number)[]) => {
    if (all.length > 0) conditions.push(`${column} IN (${all.map(bind).join(', ')})`)
  }
  const { ports, family, outcomes, minLatencyNs, comms, pids, users, namespaces } = filters
  if (since !== null) conditions.push(`started_ns >= ${bind(since)}`)
  if (until !== null) conditions.push(`started_ns < ${bind(until)}`)
  oneOf('remote_port', ports)
  oneOf('family', family === null ? [] : [family])
  oneOf('outcome', outcomes)
  if (minLatencyNs > 0) conditions.push(`latency_ns >= ${bind(BigInt(Math.floor(minLatencyNs)))}`)
  oneOf('comm', comms)
  oneOf('pid', pids)
  const uids = users.filter((user) => typeof user === 'number')
  oneOf('uid', uids.length === users.length ? uids : [])
  oneOf('pod_namespace', namespaces)
  return { where: conditions.join(' AND '), values }
}
