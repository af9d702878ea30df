import { join } from 'node:path'
import { connectServer, readAccess, type Server, type ServerOptions } from '../../clickhouse/connect.js'
import { formatServerAddress } from '../../clickhouse/parse-url.js'
import { requireVersion } from '../../fleet/require-version.js'
import { formatPlural } from '../../text/format-number.js'
import type { RawScope } from '../options/select-scope.js'
import { makePrivateDirectory } from '../output/private-directory.js'
import { createDecodeWorkers } from '../scan/decode-workers.js'
import { withTraces, type Trace } from '../scan/trace.js'
import { createTrace } from '../share/output-database.js'
import { definedOnly, findSessions, type RemoteChoice, type Selection } from './find-sessions.js'
import { describeFault, FaultySessions, nothingLeft, withoutThose, type LeftOut } from './left-out.js'
import { formatUnixNs } from './session-times.js'
import { loadSessions } from './load-sessions.js'
import type { RemoteSessionState, RemoteState } from './remote-state.js'
import { createRequests, type Requests } from './requests.js'
import { createSessionIds } from './session-ids.js'

/** Options of a command that reads a server, as typed. */
export interface RemoteOptions extends RawScope, ServerOptions, RemoteChoice {
  readonly from: string
}

/** Readers of a server's sessions as one trace. */
export interface RemoteReaders<T> {
  /** Runs until it requests nothing more, so it must have no effects. Its last result counts. */
  readonly read: (traces: readonly Trace[], raw: RawScope) => unknown
  /** Runs once, when `read` has what it needs. It must need nothing else. */
  readonly body: (traces: readonly Trace[], raw: RawScope) => T | Promise<T>
}

/**
 * Runs readers on a temporary trace with the sessions of a server that the options select. It is in a private directory, which is
 * removed, also when a signal ends the process.
 * @throws UsageError, the errors of `readAccess`, `serverFault` and `findSessions`
 */
export async function withRemoteTrace<T>(options: RemoteOptions, readers: RemoteReaders<T>): Promise<T> {
  const server = connectServer(readAccess('--from', options.from, options))
  try {
    await requireVersion(server)
    let selection = await findSessions(server, options, options)
    for (;;) {
      try {
        return await readSelection(server, selection, options, readers)
      } catch (error) {
        if (!(error instanceof FaultySessions)) throw error
        selection = withoutSessions(selection, error.leftOut)
      }
    }
  } finally {
    await server.close()
  }
}

/** The rest of a selection. Few steps load something, and each finds all of its faults: this ends soon. */
function withoutSessions(selection: Selection, faulty: readonly LeftOut[]): Selection {
  const sessions = withoutThose(selection.sessions, faulty)
  const leftOut = [...selection.leftOut, ...faulty]
  if (sessions.length === 0) throw nothingLeft(leftOut, 'server')
  return { ...selection, sessions, leftOut }
}

/** @throws FaultySessions if the answer must be made without some */
async function readSelection<T>(
  server: Server,
  selection: Selection,
  options: RemoteOptions,
  { read, body }: RemoteReaders<T>,
): Promise<T> {
  const directory = makePrivateDirectory('tcpconn-from-')
  try {
    const path = join(directory.path, 'fleet.db')
    const state = createState(server, selection, path)
    try {
      state.db.exec('BEGIN')
      await loadSessions(state)
      requireSound(state)
      state.db.exec('COMMIT')
      const requests = createRequests(state)
      const raw = absoluteScope(options, selection)
      const run = <R>(reader: (traces: readonly Trace[], raw: RawScope) => R): R =>
        withTraces(
          [path],
          (traces) => reader(traces, raw),
          createDecodeWorkers(),
          (trace) => completeTrace(trace, state, requests),
        )
      do run(read)
      while (await loadSound(state, requests))
      const result = await run(body)
      if (await requests.load()) throw new Error('a reader of a server requested more than before')
      return result
    } finally {
      state.db.close()
    }
  } finally {
    directory.remove()
  }
}

async function loadSound(state: RemoteState, requests: Requests): Promise<boolean> {
  const isMore = await requests.load()
  requireSound(state)
  return isMore
}

function requireSound({ sessions }: RemoteState): void {
  const faulty = sessions.flatMap(({ ids }) => describeFault(ids, ids.fault))
  if (faulty.length > 0) throw new FaultySessions(faulty)
}

/** Without unique addresses: each host says itself how an address is shown. */
export const SHARED_TABLES = `
  DROP TABLE endpoint;
  CREATE TABLE endpoint (endpoint_id INTEGER PRIMARY KEY, family INTEGER, address BLOB, remote_address TEXT, remote_port INTEGER) STRICT;
  DROP TABLE local_address;
  CREATE TABLE local_address (local_address_id INTEGER PRIMARY KEY, address BLOB, local_address TEXT) STRICT;`

function createState(server: Server, selection: Selection, path: string): RemoteState {
  const sessions = selection.sessions.map((found, i): RemoteSessionState => {
    const ids = createSessionIds(i + 1, found.host, found.uuid)
    return { found, ids, windows: [], endpointCount: 0 }
  })
  const byUuid = new Map(sessions.map((session) => [session.ids.uuid, session]))
  const db = createTrace(path, path)
  db.exec(SHARED_TABLES)
  // A file has few sessions, this one thousands.
  for (const table of ['process', 'dns_lookup']) db.exec(`CREATE INDEX ${table}_of_session ON ${table} (session_id)`)
  return { server, db, selection, sessions, byUuid }
}

/** The options for the temporary trace, which has the selected sessions only. Relative times were resolved. */
export function absoluteScope(options: RemoteOptions, { since, until }: Pick<Selection, 'since' | 'until'>): RawScope {
  const { from: _, host: __, passwordFile: ___, caFile: ____, last: _____, ...raw } = options
  const times = {
    since: since === null ? undefined : formatUnixNs(since),
    until: until === null ? undefined : formatUnixNs(until),
  }
  const { since: ______, until: _______, ...rest } = raw
  return { ...rest, session: 'all', ...definedOnly(times) }
}

function completeTrace(trace: Trace, state: RemoteState, requests: Requests): Trace {
  for (const db of [trace.db, trace.lookup]) {
    db.pragma('query_only = OFF')
    requests.watch(db)
    db.pragma('query_only = ON')
  }
  return {
    ...trace,
    path: formatServerAddress(state.server.address),
    windows: new Map(state.sessions.map(({ ids, windows }) => [ids.sessionId, windows])),
    missingLog: describeMissingAttempts(requests.missing),
    remote: requests,
  }
}

/** A line about attempts that the server does not have. */
function describeMissingAttempts(missing: ReadonlyMap<RemoteSessionState, number>): string | null {
  if (missing.size === 0) return null
  const count = [...missing.values()].reduce((sum, one) => sum + one, 0)
  return `${formatPlural(count, 'attempt')} of ${formatPlural(missing.size, 'session')} are not on the server: older than its --ttl, or removed there`
}
