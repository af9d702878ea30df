import { sql, type RawBuilder } from 'kysely'
import { OUTCOMES } from '../../store/outcome.js'
import { AT, type AttemptColumn, type AttemptRow } from './attempt-columns.js'
import { endpointConditions, processConditions } from './attempt-filters.js'
import { createSegmentIndex, type ClockSegment } from './clock-segments.js'
import { queries, selectAll } from './query-builder.js'
import type { Scope, SessionPart } from './scope.js'

/** Whether an attempt is covered; looks at `columns` only. */
export interface RowFilter {
  readonly columns: readonly AttemptColumn[]
  accepts(row: AttemptRow): boolean
}

type Test = (row: AttemptRow) => boolean

/** The filters of a scope and the time of a part as a test of rows. */
export function createRowFilter({ filters }: Scope, part: SessionPart): RowFilter {
  const tests: { column: AttemptColumn; test: Test }[] = []
  const processes = processConditions(filters)
  const endpoints = endpointConditions(filters)
  if (part.segments.some(isLimited)) tests.push({ column: 'started_ns', test: inTime(part.segments) })
  if (filters.outcomes.length > 0) {
    const wanted = OUTCOMES.map((outcome) => filters.outcomes.includes(outcome))
    tests.push({ column: 'outcome', test: (row) => wanted[row[AT.outcome] as number] === true })
  }
  if (filters.minLatencyNs > 0) {
    tests.push({ column: 'latency_ns', test: (row) => (row[AT.latency_ns] as number) >= filters.minLatencyNs })
  }
  if (processes.length > 0) {
    tests.push({ column: 'process_id', test: isIn(selectIds(part, 'process', processes), AT.process_id) })
  }
  if (endpoints.length > 0) {
    tests.push({ column: 'endpoint_id', test: isIn(selectIds(part, 'endpoint', endpoints), AT.endpoint_id) })
  }
  return { columns: tests.map(({ column }) => column), accepts: allOf(tests.map(({ test }) => test)) }
}

function isLimited({ fromNs, toNs }: ClockSegment): boolean {
  return fromNs > -Infinity || toNs < Infinity
}

function inTime(segments: readonly ClockSegment[]): Test {
  const indexOf = createSegmentIndex(segments)
  return (row) => {
    const startedNs = row[AT.started_ns] as number
    const { fromNs, toNs } = segments[indexOf(startedNs)] as ClockSegment
    return startedNs >= fromNs && startedNs < toNs
  }
}

function isIn(ids: ReadonlySet<number>, column: number): Test {
  return (row) => ids.has(row[column] as number)
}

/** Ids of the processes or endpoints that meet all conditions, which are those of `attempt-filters.ts`. */
export function selectIds(
  { trace }: SessionPart,
  table: 'process' | 'endpoint',
  conditions: readonly RawBuilder<unknown>[],
): ReadonlySet<number> {
  const where = sql.join(conditions, sql` AND `)
  const query =
    table === 'process'
      ? sql<{ id: number }>`SELECT process_id AS id FROM process LEFT JOIN cgroup USING (cgroup_id) WHERE ${where}`
      : sql<{ id: number }>`SELECT endpoint_id AS id FROM endpoint WHERE ${where}`
  const rows = selectAll(trace.lookup, { compile: () => query.compile(queries) })
  return new Set(rows.map((row) => row.id))
}

/** A chain of few tests is faster than a loop over them. */
function allOf(tests: readonly Test[]): Test {
  const [first, ...others] = tests
  if (first === undefined) return () => true
  if (others.length === 0) return first
  const rest = allOf(others)
  return (row) => first(row) && rest(row)
}
