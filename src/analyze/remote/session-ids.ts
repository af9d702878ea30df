import type { IdRange } from '../scan/plan-scan.js'
import type { IdTable } from '../share/column-rules.js'

/** Tables whose rows are the same in several sessions: a row of the trace stands for all of them. */
export type MergedTable = 'endpoint' | 'local_address' | 'dns_name'
export type MovedTable = Exclude<IdTable, MergedTable | 'session'>

/** The ids of one session of a server in the trace, which holds many sessions whose own ids overlap. */
export interface SessionIds {
  /** session_id in the trace */
  readonly sessionId: number
  readonly host: string
  readonly uuid: string
  /** What is added to the ids of a table */
  readonly offsets: Record<MovedTable, number>
  /** The session's own ids; `null`: none. Others would be those of the sessions beside it. */
  readonly ranges: Record<MovedTable, IdRange | null>
  /** Ids in the trace by their own ids */
  readonly merged: Readonly<Record<MergedTable, Map<number, number>>>
  /** Why the session cannot be part of an answer; `null`: nothing was found. Its host may have pushed anything. */
  fault: string | null
}

export function createSessionIds(sessionId: number, host: string, uuid: string): SessionIds {
  const offsets = { process: 0, container: 0, cgroup: 0, connect_attempt: 0, latency_window: 0 }
  const ranges = { process: null, container: null, cgroup: null, connect_attempt: null, latency_window: null }
  const merged = { endpoint: new Map(), local_address: new Map(), dns_name: new Map() }
  return { sessionId, host, uuid, offsets, ranges, merged, fault: null }
}

/**
 * The id in the trace of a row of a session. A row that the session does not have is its fault.
 * @returns `null` for a cgroup or container that was pushed after the ids were assigned: names become known later
 */
export function nameInTrace(session: SessionIds, table: IdTable, id: number): number | null {
  if (table === 'cgroup' || table === 'container') return movedId(session, table, id) ?? null
  return idInTrace(session, table, id)
}

/** As `nameInTrace`, for rows that were pushed before those that refer to them. */
export function idInTrace(session: SessionIds, table: IdTable, id: number): number {
  if (table === 'session') return session.sessionId
  const known = isMerged(table) ? session.merged[table].get(id) : movedId(session, table, id)
  if (known !== undefined) return known
  session.fault ??= `the server has no row ${id} of its trace_${table}, which other rows refer to`
  return 0
}

function movedId({ ranges, offsets }: SessionIds, table: MovedTable, id: number): number | undefined {
  const range = ranges[table]
  return range !== null && range.first <= id && id <= range.last ? id + offsets[table] : undefined
}

function isMerged(table: IdTable): table is MergedTable {
  return table === 'endpoint' || table === 'local_address' || table === 'dns_name'
}

/** Ids of a table per session, at most. The ids of 50,000 such sessions are exact numbers. */
const MAX_IDS = 100_000_000_000

/** Whether ids can be those of a session. */
export function isIdRange({ first, last }: IdRange): boolean {
  return (
    Number.isSafeInteger(first) && Number.isSafeInteger(last) && 0 <= first && first <= last && last - first < MAX_IDS
  )
}
