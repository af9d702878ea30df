import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { queries, selectAll } from '../../scan/query-builder.js'
import { boundedText } from '../../scan/row-reader.js'
import { remoteSession, type SessionPart } from '../../scan/scope.js'

/** The unique key of a session over all hosts and files. */
export interface SessionKey {
  readonly bootId: string
  /** UUID of version 7 (RFC 9562, 5.7): the time is the start of the session in ms */
  readonly uuid: string
}

/**
 * Derives the key of a session from columns that every format version has: host, boot, recorder, start in ns. A session has the same
 * key in every copy of its trace.
 */
export function readSessionKey({ trace, sessionId, host }: SessionPart): SessionKey {
  const query = queries
    .selectFrom('session')
    .select(sql<string>`${sql.raw(boundedText('boot_id'))}`.as('boot_id'))
    .select(['recorder_pid', 'recorder_start_ticks'])
    .where('session_id', '=', sessionId)
  const [session] = selectAll(trace.db, query)
  const findStart = trace.db.prepare('SELECT started_unix_ns FROM session WHERE session_id = ?').pluck().safeIntegers()
  const startedUnixNs = findStart.get(sessionId) as bigint
  const bootId = session?.boot_id ?? ''
  const remote = remoteSession({ trace, sessionId })
  if (remote !== undefined) return { bootId, uuid: remote.uuid }
  const facts = [host, bootId, session?.recorder_pid, session?.recorder_start_ticks, String(startedUnixNs), sessionId]
  return { bootId, uuid: createUuid(startedUnixNs / 1_000_000n, JSON.stringify(facts)) }
}

function createUuid(unixMs: bigint, facts: string): string {
  const bytes = createHash('sha256').update(facts).digest().subarray(0, 16)
  bytes.writeUIntBE(Number(BigInt.asUintN(48, unixMs)), 0, 6)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
