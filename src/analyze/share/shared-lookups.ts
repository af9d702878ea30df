import { sql } from 'kysely'
import { NO_ATTEMPT_FILTERS, processConditions, type AttemptFilters } from '../scan/attempt-filters.js'
import { createPartTime } from '../scan/plan-scan.js'
import { queries, selectAll } from '../scan/query-builder.js'
import type { SessionPart } from '../scan/scope.js'
import { readRows } from './copy-rows.js'
import type { OriginalRow } from './pseudonyms.js'
import type { CollectedUsage } from './usage.js'

/** Whether a lookup is shared: those that the queries count with the same options. Filters choose attempts, but for --cgroup. */
export function chooseLookups({ cgroups }: AttemptFilters, part: SessionPart): (row: OriginalRow) => boolean {
  const time = createPartTime(part)
  const accepted = cgroups.length === 0 ? null : readCgroups(part, cgroups)
  return ({ started_ns: startedNs, cgroup_id: cgroupId }) => {
    if (!time.holds(Number(startedNs), Number(startedNs))) return false
    return accepted === null || (cgroupId !== null && accepted.has(Number(cgroupId)))
  }
}

/** Adds what the lookups of a part refer to. */
export function addLookups(usage: CollectedUsage, part: SessionPart, isShared: (row: OriginalRow) => boolean): void {
  for (const row of readRows(part.trace.db, 'dns_lookup', 'session_id = ?', [part.sessionId])) {
    if (!isShared(row)) continue
    usage.add('dns_name', Number(row.dns_name_id))
    if (row.cgroup_id !== null) usage.add('cgroup', Number(row.cgroup_id))
  }
}

function readCgroups({ trace }: SessionPart, cgroups: readonly string[]): ReadonlySet<number> {
  const all = queries.selectFrom('cgroup').select('cgroup_id')
  const query = processConditions({ ...NO_ATTEMPT_FILTERS, cgroups }).reduce(
    (some, condition) => some.where(sql<boolean>`${condition}`),
    all,
  )
  return new Set(selectAll(trace.db, query).map((row) => row.cgroup_id))
}
