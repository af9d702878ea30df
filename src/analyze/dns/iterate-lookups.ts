import { sql } from 'kysely'
import { NO_FILTERS, processConditions } from '../trace/attempt-filters.js'
import { createPartTime } from '../trace/cover.js'
import { knowsLookups } from '../trace/knows-lookups.js'
import { iterateRows, queries } from '../trace/query-builder.js'
import type { Scope, SessionPart } from '../trace/scope.js'

/** One DNS question. */
export interface Lookup {
  readonly nameId: number
  /** Query to answer; `null` where one of the two was not seen */
  readonly latencyNs: number | null
  /** An error, or no answer */
  readonly isFailed: boolean
}

type LookupRow = [nameId: number, startedNs: number, latencyNs: number | null, rcode: number | null]

/**
 * The lookups of a part that began in its time. Of the filters a lookup can be asked for its cgroup alone: packets are of a
 * socket, and say nothing of who connects later.
 */
export function* iterateLookups({ filters: { cgroups } }: Scope, part: SessionPart): Generator<Lookup> {
  if (!knowsLookups(part.trace.db)) return
  const time = createPartTime(part)
  const all = queries
    .selectFrom('dns_lookup')
    .leftJoin('cgroup', 'cgroup.cgroup_id', 'dns_lookup.cgroup_id')
    .select(['dns_name_id', 'started_ns', 'latency_ns', 'rcode'])
    .where('dns_lookup.session_id', '=', part.sessionId)
  const query = processConditions({ ...NO_FILTERS, cgroups }).reduce(
    (some, one) => some.where(sql<boolean>`${one}`),
    all,
  )
  for (const row of iterateRows(part.trace.db, query)) {
    const [nameId, startedNs, latencyNs, rcode] = row as LookupRow
    if (!time.holds(startedNs, startedNs)) continue
    yield { nameId, latencyNs: latencyNs === null || latencyNs < 0 ? null : latencyNs, isFailed: rcode !== 0 }
  }
}
