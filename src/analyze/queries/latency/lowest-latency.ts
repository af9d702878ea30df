import { forEachBucket } from '../../../sums/latency-histogram.js'
import { forEachSums } from '../../../sums/sums-blob.js'
import type { TakeBlock } from '../../scan/attempt-block.js'
import { AT } from '../../scan/attempt-columns.js'
import { coverPart, type IdRange } from '../../scan/plan-scan.js'
import { queries, selectAll } from '../../scan/query-builder.js'
import { scanBlocks } from '../../scan/scan-rows.js'
import type { Scope, SessionPart } from '../../scan/scope.js'
import { BY_SESSION } from '../../group/dimensions.js'
import { createLatencyReader } from '../../group/latencies.js'
import { readSums } from '../../group/read-sums.js'
import { storedDimension, wantedIds } from '../../group/stored-sums.js'
import { canUseSums, type Group } from '../../group/sum-up.js'

/**
 * The lowest latency of a scope in ns, exact; `null` without a latency. Stored sums contain only its bucket. Therefore
 * the
 * attempts of the windows whose sums reach that bucket are read.
 * @param group the result of `sumUp` for the scope, by `BY_SESSION`
 */
export function lowestLatency(scope: Scope, { latencies, lowestReadNs }: Group): number | null {
  const reader = createLatencyReader()
  if (latencies.values !== null) return reader.percentile(latencies, 0)
  const bucket = reader.histogram(latencies).findIndex((count) => count > 0)
  if (bucket === -1) return null
  let lowest = lowestReadNs ?? Infinity
  const established: Scope = { ...scope, filters: { ...scope.filters, outcomes: ['established'] } }
  const take: TakeBlock = ({ columns, count }) => {
    const values = columns[AT.latency_ns] as Float64Array
    for (let i = 0; i < count; i++) if ((values[i] as number) < lowest) lowest = values[i] as number
  }
  for (const part of scope.parts) scanBlocks(established, part, findReaching(scope, part, bucket), ['latency_ns'], take)
  // Happens only in a damaged file, whose sums differ from its attempts.
  return Number.isFinite(lowest) ? lowest : null
}

/** Attempts of the windows whose sums have a latency in a bucket or below it. */
function findReaching(scope: Scope, part: SessionPart, bucket: number): IdRange[] {
  const { windowIds } = coverPart(part, canUseSums(scope, part, BY_SESSION))
  const stored = storedDimension(scope, part, BY_SESSION, windowIds)
  const wanted = wantedIds(scope, part, stored)
  const findWindows = (ids: readonly number[]): number[] =>
    [...readSums(part.trace, ids, stored)].flatMap(({ first, last, blob }) => {
      if (!reaches(blob, wanted, bucket)) return []
      if (first === last) return [first]
      return ids.filter((id) => id >= first && id <= last).flatMap((id) => findWindows([id]))
    })
  return windowIds.length === 0 ? [] : findWindows(windowIds).flatMap((id) => readIds(part, id))
}

function reaches(blob: Buffer, wanted: ReadonlySet<number> | null, highest: number): boolean {
  let isReached = false
  forEachSums(blob, ({ id, buckets }) => {
    if (isReached || buckets === null || (wanted !== null && !wanted.has(id))) return
    forEachBucket(buckets, (bucket) => {
      if (bucket <= highest) isReached = true
    })
  })
  return isReached
}

function readIds({ trace }: SessionPart, windowId: number): IdRange[] {
  const query = queries
    .selectFrom('latency_window')
    .select(['first_attempt_id as first', 'last_attempt_id as last'])
    .where('window_id', '=', windowId)
  return selectAll(trace.db, query)
}
