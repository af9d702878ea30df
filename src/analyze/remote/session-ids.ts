import { TcpconnError } from '../../base/errors.js'
import type { IdTable } from '../share/column-rules.js'

/** Tables whose rows are the same in several sessions: a row of the trace stands for all of them. */
export type MergedTable = 'endpoint' | 'local_address' | 'dns_name'
type MovedTable = Exclude<IdTable, MergedTable | 'session'>

/** The ids of one session of a server in the trace, which holds many sessions whose own ids overlap. */
export interface SessionIds {
  /** session_id in the trace */
  readonly sessionId: number
  readonly host: string
  readonly uuid: string
  /** What is added to the ids of a table */
  readonly offsets: Record<MovedTable, number>
  /** Ids in the trace by their own ids */
  readonly merged: Readonly<Record<MergedTable, Map<number, number>>>
}

export function createSessionIds(sessionId: number, host: string, uuid: string): SessionIds {
  const offsets = { process: 0, container: 0, cgroup: 0, connect_attempt: 0, latency_window: 0 }
  const merged = { endpoint: new Map(), local_address: new Map(), dns_name: new Map() }
  return { sessionId, host, uuid, offsets, merged }
}

/**
 * The id in the trace of a row of a session.
 * @throws E_FLEET_INCOMPLETE if the server lacks the row
 */
export function idInTrace(session: SessionIds, table: IdTable, id: number): number {
  if (table === 'session') return session.sessionId
  if (!isMerged(table)) return id + session.offsets[table]
  const known = session.merged[table].get(id)
  if (known === undefined) throw missingRow(session, table, id)
  return known
}

function isMerged(table: IdTable): table is MergedTable {
  return table === 'endpoint' || table === 'local_address' || table === 'dns_name'
}

function missingRow({ host, uuid }: SessionIds, table: MergedTable, id: number): TcpconnError {
  return new TcpconnError('E_FLEET_INCOMPLETE', {
    what: `the server lacks a part of session ${uuid} of ${host}`,
    reason: `it has no row ${id} of trace_${table}, which other rows refer to`,
    hint: 'push its trace again, or leave the host out with --host',
  })
}
