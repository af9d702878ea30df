import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { parseTraceFilters } from '../options/parse-trace-filters.js'
import { makePrivateDirectory, type PrivateDirectory } from '../output/private-directory.js'
import { absoluteScope, SHARED_TABLES, type RemoteOptions, type RemoteReaders } from '../remote/with-remote-trace.js'
import { createDecodeWorkers } from '../scan/decode-workers.js'
import type { RemoteParts } from '../scan/remote-parts.js'
import { withTraces, type Trace } from '../scan/trace.js'
import { createTrace } from '../share/output-database.js'
import { archiveConditions } from './archive-conditions.js'
import { openDuckdb } from './duckdb.js'
import { findArchived, type ArchiveSelection } from './find-archived.js'
import { openArchive, type Archive } from './open-archive.js'
import { restoreAttempts } from './restore-attempts.js'
import { restoreSessions, writeWindows, type RestoredSession } from './restore-sessions.js'

/**
 * Runs readers on a temporary trace with the sessions of a data set of Parquet files that the options select, as `withRemoteTrace` does
 * with those of a server. The trace has all attempts of the filters and the time before the readers run.
 * @throws UsageError, E_NO_DUCKDB, the errors of `openArchive` and `findArchived`, E_ARCHIVE_DAMAGED
 */
export async function withArchiveTrace<T>(options: RemoteOptions, { read, body }: RemoteReaders<T>): Promise<T> {
  const filters = parseTraceFilters(options)
  const archive = await openArchive(options)
  let temporary: PrivateDirectory | null = null
  try {
    temporary = makePrivateDirectory('tcpconn-from-')
    const directory = temporary.path
    const path = join(directory, 'archive.db')
    const db = createTrace(path, path)
    try {
      const { selection, sessions } = await restore(archive, options, { db, directory, filters })
      const parts = describeParts(db, sessions, selection)
      const raw = absoluteScope(options, selection)
      const complete = (trace: Trace): Trace => ({ ...trace, path: archive.place, remote: parts })
      withTraces([path], (traces) => read(traces, raw), createDecodeWorkers(), complete)
      return await withTraces([path], (traces) => body(traces, raw), createDecodeWorkers(), complete)
    } finally {
      db.close()
    }
  } finally {
    archive.close()
    temporary?.remove()
  }
}

interface Target {
  readonly db: Database
  readonly directory: string
  readonly filters: ReturnType<typeof parseTraceFilters>
}

async function restore(
  archive: Archive,
  options: RemoteOptions,
  { db, directory, filters }: Target,
): Promise<{ selection: ArchiveSelection; sessions: readonly RestoredSession[] }> {
  const copies = join(directory, 'parts')
  mkdirSync(copies)
  const duckdb = await openDuckdb(copies, archive.directory)
  try {
    const selection = await findArchived(archive, options, { duckdb, directory: copies })
    db.exec(SHARED_TABLES)
    db.exec('BEGIN')
    const sessions = restoreSessions(db, selection.sessions)
    await restoreAttempts(db, sessions, archiveConditions(filters, selection), duckdb)
    writeWindows(db, sessions)
    // A file has few sessions, this one thousands.
    db.exec('CREATE INDEX process_of_session ON process (session_id)')
    db.exec('COMMIT')
    return { selection, sessions }
  } finally {
    duckdb.close()
    rmSync(copies, { recursive: true, force: true })
  }
}

/** The trace has everything that its data set has: nothing is requested. */
function describeParts(db: Database, sessions: readonly RestoredSession[], { missing }: ArchiveSelection): RemoteParts {
  const count = db.prepare('SELECT count(*) FROM connect_dns WHERE attempt_id BETWEEN ? AND ?').pluck()
  const endpointCount = db.prepare('SELECT ifnull(max(endpoint_id), 0) FROM endpoint').pluck().get() as number
  const named = new Map(
    sessions.map(({ sessionId, facts, offset }) => {
      const first = facts.first_attempt_id + offset
      return [sessionId, count.get(first, first + facts.attempts - 1) as number]
    }),
  )
  return {
    hasSums: () => true,
    hasAttempts: () => true,
    // The windows of a data set have all of its attempts.
    hasInexactTail: () => false,
    namedAttempts: (sessionId) => named.get(sessionId) ?? 0,
    sessions: new Map(
      sessions.map(({ sessionId, facts, offset }) => [
        sessionId,
        {
          host: facts.host,
          uuid: facts.session_uuid,
          sessionId: facts.session_id,
          attemptIdOffset: -offset,
          endpointCount,
        },
      ]),
    ),
    leftOut: missing,
    lacksLookups: true,
  }
}
