import { sql } from 'kysely'
import { forEachId } from '../../store/id-list.js'
import { OUTCOMES } from '../../store/outcome.js'
import { endpointConditions, processConditions } from '../trace/attempt-filters.js'
import { queries } from '../trace/query-builder.js'
import type { Scope, SessionPart } from '../trace/scope.js'
import type { Accumulator } from './accumulator.js'
import type { Dimension } from './dimension.js'
import type { MembersOfPart } from './members.js'

/** Bytes of a histogram or a list of ids; what is longer is no work of the recorder's. */
const MAX_BLOB_BYTES = 1 << 22
const AGGREGATE = 'add_stored_sums'

/** Where sums of a part go. */
export interface SumsTarget {
  readonly groupOf: (id: number) => number
  readonly sums: Accumulator
  readonly members: MembersOfPart | null
}

type SumTable = 'endpoint_latency' | 'process_latency' | 'second_latency'

/** Adds the sums that are stored for whole windows. */
export function readStoredSums(
  scope: Scope,
  part: SessionPart,
  { dimension, windowIds }: { readonly dimension: Dimension; readonly windowIds: readonly number[] },
  { groupOf, sums, members }: SumsTarget,
): void {
  if (windowIds.length === 0) return
  const { db } = part.trace
  const table = tableFor(scope, dimension)
  const isOne = dimension.source === 'session'
  const counts = new Float64Array(OUTCOMES.length + 1)
  // As an aggregate function, whose call costs half of a row's that is handed out.
  const step = (_: unknown, ...values: unknown[]) => {
    const [id, max, buckets, endpointIds, ...row] = values as [
      number,
      number | null,
      Uint8Array | null,
      Uint8Array | null,
      ...number[],
    ]
    counts.set(row)
    const group = groupOf(isOne ? part.sessionId : id)
    sums.addSums(group, counts, max, buckets)
    if (members === null || endpointIds === null) return
    sums.addProcess(group, members.processOf(id))
    forEachId(endpointIds, (endpointId) => sums.addEndpoint(group, members.endpointOf(endpointId)))
  }
  db.aggregate(AGGREGATE, { start: null, varargs: true, step })
  const conditions = table === 'endpoint_latency' ? endpointConditions(scope.filters) : processConditions(scope.filters)
  const blob = (name: string) => sql`CASE WHEN length(${sql.ref(name)}) <= ${MAX_BLOB_BYTES} THEN ${sql.ref(name)} END`
  const query = queries
    .selectFrom(table)
    .select(
      sql`${sql.raw(AGGREGATE)}(${sql.join([
        sql.ref(ID_COLUMN[table]),
        sql`max_latency_ns`,
        blob('buckets'),
        members === null ? sql`NULL` : blob('endpoint_ids'),
        ...[...OUTCOMES, 'syn_retransmits'].map((name) => sql.ref(name)),
      ])})`.as('added'),
    )
    .where(sql<boolean>`window_id IN (SELECT value FROM json_each(${JSON.stringify(windowIds)}))`)
  const filtered = conditions.length === 0 ? query : query.where(idsThat(table, conditions))
  const { sql: text, parameters } = filtered.compile()
  db.prepare(text).get(...parameters)
}

const ID_COLUMN: Record<SumTable, string> = {
  endpoint_latency: 'endpoint_id',
  process_latency: 'process_id',
  second_latency: 'unix_second',
}

function tableFor({ filters }: Scope, { source }: Dimension): SumTable {
  if (source === 'second') return 'second_latency'
  if (source === 'process') return 'process_latency'
  if (source === 'endpoint') return 'endpoint_latency'
  return processConditions(filters).length > 0 ? 'process_latency' : 'endpoint_latency'
}

function idsThat(table: SumTable, conditions: ReturnType<typeof endpointConditions>) {
  const all = sql.join(conditions, sql` AND `)
  return table === 'endpoint_latency'
    ? sql<boolean>`endpoint_id IN (SELECT endpoint_id FROM endpoint WHERE ${all})`
    : sql<boolean>`process_id IN (SELECT process_id FROM process LEFT JOIN cgroup USING (cgroup_id) WHERE ${all})`
}
