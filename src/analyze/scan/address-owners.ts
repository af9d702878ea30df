import type { Database } from 'better-sqlite3'
import { boundedText } from './row-reader.js'
import type { SessionPart } from './scope.js'

/** The container or pod that had an address. One of the two is `null`. */
export interface RemoteOwner {
  readonly container: string | null
  readonly pod: string | null
}

/** Times in which an address was of containers, the last one first. Times are in ns since the session began. */
export type OwnerSpans = readonly { readonly sinceNs: number; readonly untilNs: number; readonly owner: RemoteOwner }[]

/** Which containers had which address in a session. */
export interface RecordedOwners {
  /** Spans by address, as in `endpoint.remote_address`. */
  readonly byAddress: ReadonlyMap<string, OwnerSpans>
  /** Ids of processes to which addresses may mean something else: in containers or namespaces with networks of their own */
  readonly nestedProcesses: ReadonlySet<number>
}

/** @returns `null` if no owner is known, as in most traces */
export function readAddressOwners(db: Database, { sessionId }: Pick<SessionPart, 'sessionId'>): RecordedOwners | null {
  const rows = db
    .prepare(
      `SELECT ${boundedText('address')}, CAST(since_ns AS REAL), CAST(until_ns AS REAL),
        CASE WHEN pod_name IS NULL THEN ${boundedText('ifnull(pod_container_name, container_name)')} END,
        ${boundedText(`ifnull(pod_namespace, '') || '/' || pod_name`)}
       FROM container_address LEFT JOIN container USING (container_key)
       WHERE container_address.session_id = ? ORDER BY since_ns DESC`,
    )
    .raw()
    .safeIntegers(false)
    .all(sessionId) as [string, number, number | null, string | null, string | null][]
  if (rows.length === 0) return null
  const byAddress = new Map<string, OwnerSpans[number][]>()
  for (const [address, sinceNs, untilNs, container, pod] of rows) {
    const spans = byAddress.get(address) ?? []
    spans.push({ sinceNs, untilNs: untilNs ?? Infinity, owner: { container, pod } })
    byAddress.set(address, spans)
  }
  const nestedProcesses = new Set(
    db
      .prepare(
        `SELECT process_id FROM process LEFT JOIN cgroup USING (cgroup_id) LEFT JOIN container USING (container_key)
         WHERE process.session_id = ? AND coalesce(has_own_networks, has_host_netns = 0, 0) <> 0`,
      )
      .pluck()
      .safeIntegers(false)
      .all(sessionId) as number[],
  )
  return { byAddress, nestedProcesses }
}

/** The owner at a time: like the view `connects`, the last span that began before it, if it had not ended. */
export function ownerAt(spans: OwnerSpans | undefined, atNs: number): RemoteOwner | null {
  const last = spans?.find(({ sinceNs }) => sinceNs <= atNs)
  return last !== undefined && atNs <= last.untilNs ? last.owner : null
}
