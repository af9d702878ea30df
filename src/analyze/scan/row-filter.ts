import { sql, type RawBuilder } from 'kysely'
import { OUTCOMES } from '../../attempt/outcome.js'
import { endpointConditions, processConditions } from './attempt-filters.js'
import type { ClockSegment } from './clock-segments.js'
import { queries, selectAll } from './query-builder.js'
import type { RowConditions } from './row-test.js'
import type { Scope, SessionPart } from './scope.js'

/** The filters of a scope and the time of a part as conditions on rows. */
export function readConditions({ filters }: Scope, part: SessionPart): RowConditions {
  const processes = processConditions(filters)
  const endpoints = endpointConditions(filters)
  return {
    segments: part.segments.some(isLimited) ? part.segments.map(({ fromNs, toNs }) => ({ fromNs, toNs })) : null,
    outcomes: filters.outcomes.length > 0 ? OUTCOMES.map((outcome) => filters.outcomes.includes(outcome)) : null,
    minLatencyNs: filters.minLatencyNs,
    processIds: processes.length > 0 ? Float64Array.from(selectIds(part, 'process', processes)) : null,
    endpointIds: endpoints.length > 0 ? Float64Array.from(selectIds(part, 'endpoint', endpoints)) : null,
  }
}

function isLimited({ fromNs, toNs }: ClockSegment): boolean {
  return fromNs > -Infinity || toNs < Infinity
}

/** Ids of the processes or endpoints that meet all conditions of `attempt-filters.ts`. */
export function selectIds(
  { trace }: SessionPart,
  table: 'process' | 'endpoint',
  conditions: readonly RawBuilder<unknown>[],
): ReadonlySet<number> {
  const where = sql.join(conditions, sql` AND `)
  const query =
    table === 'process'
      ? sql<{
          id: number
        }>`SELECT process_id AS id FROM process LEFT JOIN cgroup USING (cgroup_id) LEFT JOIN container USING (container_key) WHERE ${where}`
      : sql<{ id: number }>`SELECT endpoint_id AS id FROM endpoint WHERE ${where}`
  const compiled = query.compile(queries)
  const key = JSON.stringify([compiled.sql, compiled.parameters])
  const known = trace.acceptedIds?.get(key)
  if (known !== undefined) return known
  const rows = selectAll(trace.lookup, { compile: () => compiled })
  const ids = new Set(rows.map((row) => row.id))
  trace.acceptedIds?.set(key, ids)
  return ids
}
