import { sql } from 'kysely'
import { NO_ATTEMPT_FILTERS, processConditions } from '../scan/attempt-filters.js'
import { createPartTime } from '../scan/plan-scan.js'
import { iterateRows, queries } from '../scan/query-builder.js'
import type { Scope, SessionPart } from '../scan/scope.js'

/** One DNS question. */
export interface RecordedLookup {
  readonly nameId: number
  /** Time from query to answer; `null` if one of them was not seen */
  readonly latencyNs: number | null
  /** An error, or no answer */
  readonly isFailed: boolean
  /** Whether the answer did not fit its packet */
  readonly isTruncated: boolean
}

type LookupRow = [
  nameId: number,
  startedNs: number,
  latencyNs: number | null,
  rcode: number | null,
  isTruncated: number | null,
]

/**
 * The lookups of a part that began in its time. Of the filters, only those by cgroup apply: a packet belongs to a socket, and does
 * not show which process connects later.
 */
export function* iterateLookups({ filters: { cgroups } }: Scope, part: SessionPart): Generator<RecordedLookup> {
  const time = createPartTime(part)
  const all = queries
    .selectFrom('dns_lookup')
    .leftJoin('cgroup', 'cgroup.cgroup_id', 'dns_lookup.cgroup_id')
    .select(['dns_name_id', 'started_ns', 'latency_ns', 'rcode', 'is_truncated'])
    .where('dns_lookup.session_id', '=', part.sessionId)
  const query = processConditions({ ...NO_ATTEMPT_FILTERS, cgroups }).reduce(
    (some, one) => some.where(sql<boolean>`${one}`),
    all,
  )
  for (const row of iterateRows(part.trace.db, query)) {
    const [nameId, startedNs, latencyNs, rcode, isTruncated] = row as LookupRow
    if (!time.holds(startedNs, startedNs)) continue
    yield {
      nameId,
      latencyNs: latencyNs === null || latencyNs < 0 ? null : latencyNs,
      isFailed: rcode !== 0,
      isTruncated: isTruncated === 1,
    }
  }
}
