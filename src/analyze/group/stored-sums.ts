import { forEachSums } from '../../sums/sums-blob.js'
import { endpointConditions, processConditions } from '../scan/attempt-filters.js'
import { prepareOnce } from '../scan/query-builder.js'
import { selectIds } from '../scan/row-filter.js'
import { remoteSession, type Scope, type SessionPart } from '../scan/scope.js'
import type { Accumulator } from './accumulator.js'
import type { Dimension } from './dimension.js'
import { createIdSets, planRanges, readSums, type StoredDimension } from './read-sums.js'
import type { MembersOfPart } from './intern-keys.js'

/** Receives the sums of a part. */
export interface SumsTarget {
  readonly groupOf: (id: number) => number
  readonly sums: Accumulator
  readonly members: MembersOfPart | null
}

/**
 * Adds the stored sums of whole windows.
 * @throws E_DAMAGED_TRACE if they are missing
 */
export function readStoredSums(
  scope: Scope,
  part: SessionPart,
  { dimension, windowIds }: { readonly dimension: Dimension; readonly windowIds: readonly number[] },
  { groupOf, sums, members }: SumsTarget,
): void {
  if (windowIds.length === 0) return
  const stored = storedDimension(scope, part, dimension, windowIds)
  const wanted = wantedIds(scope, part, stored)
  const lastId = stored === 'second' ? Infinity : readLastId(part, stored)
  const isOne = dimension.source === 'session'
  const addEndpoint = (group: number, id: number) => sums.addEndpoint(group, members?.endpointOf(id) ?? 0)
  const endpoints = createIdSets(members ? readLastId(part, 'endpoint') : 0, addEndpoint)
  for (const { blob } of readSums(part.trace, windowIds, stored)) {
    // A subarray of a Uint8Array costs half as much as that of a Buffer.
    forEachSums(new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength), (row) => {
      if (wanted !== null && !wanted.has(row.id)) return
      // A damaged file may refer to tens of millions of missing rows: all of them become one.
      const id = Math.min(row.id, lastId + 1)
      const group = groupOf(isOne ? part.sessionId : id)
      sums.addSums(group, row.counts, row.maxLatencyNs, dimension.countsOnly ? null : row.buckets)
      if (members === null || row.endpointIds === null) return
      sums.addProcess(group, members.processOf(id))
      endpoints.add(group, row.endpointIds)
    })
  }
  endpoints.forEach(addEndpoint)
}

/** The highest id of a dictionary; 0 if it is empty. */
export function readLastId({ trace }: SessionPart, table: 'endpoint' | 'process'): number {
  return prepareOnce(trace.db, `SELECT ifnull(max(${table}_id), 0) FROM ${table}`, 'values').get() as number
}

/** The kind of sums for a dimension of a part. */
export function storedDimension(
  { filters }: Scope,
  part: SessionPart,
  { source }: Pick<Dimension, 'source'>,
  windowIds: readonly number[],
): StoredDimension {
  if (source === 'second' || source === 'process' || source === 'endpoint') return source
  if (processConditions(filters).length > 0) return 'process'
  if (endpointConditions(filters).length > 0) return 'endpoint'
  // The sums that have fewer rows, about.
  const endpointRows = countEndpoints(part) * planRanges(part.trace.db, windowIds, 'endpoint').length
  return endpointRows < windowIds.length * SECONDS_PER_WINDOW ? 'endpoint' : 'second'
}

const SECONDS_PER_WINDOW = 60

/** The endpoints of a part, or more. */
function countEndpoints(part: SessionPart): number {
  return remoteSession(part)?.endpointCount ?? readLastId(part, 'endpoint')
}

/** Ids that pass the filters; `null`: all. */
export function wantedIds({ filters }: Scope, part: SessionPart, stored: StoredDimension): ReadonlySet<number> | null {
  if (stored === 'second') return null
  const conditions = stored === 'endpoint' ? endpointConditions(filters) : processConditions(filters)
  return conditions.length === 0 ? null : selectIds(part, stored, conditions)
}
