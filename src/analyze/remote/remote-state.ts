import type { Database } from 'better-sqlite3'
import type { Server, StatementOptions } from '../../clickhouse/connect.js'
import type { CopiedTable } from '../../fleet/trace-tables.js'
import type { Window } from '../scan/trace.js'
import type { Selection } from './find-sessions.js'
import type { FoundSession } from './read-sessions.js'
import { SESSIONS_PER_QUERY } from './find-sessions.js'
import type { SessionIds } from './session-ids.js'

/** A session of a server and its ids in the temporary trace. */
export interface RemoteSessionState {
  readonly found: FoundSession
  readonly ids: SessionIds
  /** Windows of the trace, by their first attempt */
  windows: readonly Window[]
  /** Its endpoints, or more */
  endpointCount: number
}

/** A temporary trace with parts of a server's sessions. */
export interface RemoteState {
  readonly server: Server
  /** The connection that writes the trace */
  readonly db: Database
  readonly selection: Selection
  /** In the order of session_id */
  readonly sessions: readonly RemoteSessionState[]
  readonly byUuid: ReadonlyMap<string, RemoteSessionState>
}

/** Condition and bound parameters for the rows of some sessions. */
export interface SessionQuery {
  readonly where: string
  readonly values: NonNullable<StatementOptions['values']>
}

/** The first two conditions use the key. Another host may have pushed rows with the UUID of a session: they are not part of it. */
const OF_SESSIONS = `host IN {hosts:Array(String)} AND session_uuid IN {sessions:Array(UUID)}
  AND host = transform(toString(session_uuid), {sessions:Array(String)}, {owners:Array(String)}, '')`

/** Splits sessions into queries of limited length. */
export function* sessionQueries(
  sessions: readonly RemoteSessionState[],
  size = SESSIONS_PER_QUERY,
): Generator<SessionQuery & { readonly sessions: readonly RemoteSessionState[] }> {
  for (let at = 0; at < sessions.length; at += size) {
    const some = sessions.slice(at, at + size)
    const values = {
      hosts: [...new Set(some.map(({ ids }) => ids.host))],
      sessions: some.map(({ ids }) => ids.uuid),
      owners: some.map(({ ids }) => ids.host),
    }
    yield { sessions: some, where: OF_SESSIONS, values }
  }
}

/** SQL for a number that each session of a query has its own of: `name` is its bound parameter. */
export function ofSession(name: string): string {
  return `transform(toString(session_uuid), {sessions:Array(String)}, {${name}:Array(Int64)}, toInt64(0))`
}

/** Columns of a trace's table as SQL of the server: bytes as base64. */
export function selectColumns(columns: CopiedTable['copied']): string {
  return columns.map(({ name, kind }) => (kind === 'blob' ? `base64Encode(${name})` : name)).join(', ')
}
