import { forEachSums } from '../../store/sums-blob.js'
import { endpointConditions, processConditions } from '../trace/attempt-filters.js'
import { selectIds } from '../trace/row-filter.js'
import type { Scope, SessionPart } from '../trace/scope.js'
import type { Accumulator } from './accumulator.js'
import type { Dimension } from './dimension.js'
import { createIdSets } from './id-sets.js'
import type { MembersOfPart } from './members.js'
import { readSums, type StoredDimension } from './read-sums.js'

/** Where sums of a part go. */
export interface SumsTarget {
  readonly groupOf: (id: number) => number
  readonly sums: Accumulator
  readonly members: MembersOfPart | null
}

/**
 * Adds the sums that are stored for whole windows.
 * @throws E_DAMAGED_TRACE where they are missing
 */
export function readStoredSums(
  scope: Scope,
  part: SessionPart,
  { dimension, windowIds }: { readonly dimension: Dimension; readonly windowIds: readonly number[] },
  { groupOf, sums, members }: SumsTarget,
): void {
  if (windowIds.length === 0) return
  const stored = storedDimension(scope, dimension)
  const wanted = wantedIds(scope, part, stored)
  const lastId = stored === 'second' ? Infinity : readLastId(part, stored)
  const isOne = dimension.source === 'session'
  const addEndpoint = (group: number, id: number) => sums.addEndpoint(group, members?.endpointOf(id) ?? 0)
  const endpoints = createIdSets(members ? readLastId(part, 'endpoint') : 0, addEndpoint)
  for (const blob of readSums(part.trace, windowIds, stored)) {
    // Parts of a plain array cost half as much as those of a Buffer.
    forEachSums(new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength), (row) => {
      if (wanted !== null && !wanted.has(row.id)) return
      // Of rows that are not there a damaged file may have tens of millions: one is as good as all of them.
      const id = Math.min(row.id, lastId + 1)
      const group = groupOf(isOne ? part.sessionId : id)
      sums.addSums(group, row.counts, row.maxLatencyNs, row.buckets)
      if (members === null || row.endpointIds === null) return
      sums.addProcess(group, members.processOf(id))
      endpoints.add(group, row.endpointIds)
    })
  }
  endpoints.forEach(addEndpoint)
}

/** The highest id of a dictionary; 0 when it is empty. */
function readLastId({ trace }: SessionPart, table: 'endpoint' | 'process'): number {
  return trace.db.prepare(`SELECT ifnull(max(${table}_id), 0) FROM ${table}`).pluck().get() as number
}

function storedDimension({ filters }: Scope, { source }: Dimension): StoredDimension {
  if (source === 'second' || source === 'process' || source === 'endpoint') return source
  if (processConditions(filters).length > 0) return 'process'
  // The fewest sums, where nothing is left out.
  return endpointConditions(filters).length > 0 ? 'endpoint' : 'second'
}

/** Ids that the filters leave; `null` for all. */
function wantedIds({ filters }: Scope, part: SessionPart, stored: StoredDimension): ReadonlySet<number> | null {
  if (stored === 'second') return null
  const conditions = stored === 'endpoint' ? endpointConditions(filters) : processConditions(filters)
  return conditions.length === 0 ? null : selectIds(part, stored, conditions)
}
