import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { sql } from 'kysely'
import { sumLoss } from '../../attempt/loss-causes.js'
import { describeCompleteness, describeLossCounts } from '../../attempt/loss-text.js'
import { TOOL_VERSION } from '../../base/package.js'
import { readSessionDns } from '../lookups/session-dns.js'
import { BOUNDED_LIMITS, parseLimits } from '../scan/host-limits.js'
import { queries, selectAll } from '../scan/query-builder.js'
import { boundedText } from '../scan/row-reader.js'
import { remoteSession, type Scope, type SessionPart } from '../scan/scope.js'
import { readBatchFacts } from '../scan/batch-facts.js'
import type { Trace } from '../scan/trace.js'
import type { ExportColumn } from './rows/column.js'

const NAMES = ['host', 'boot_id', 'kernel', 'machine', 'tool_version'] as const
/** Limit of stored options, which may list many ports or networks: every reader reads all metadata. */
const LISTS = ['command_line', 'filters'] as const
const MAX_LIST_BYTES = 1 << 16

/**
 * Metadata of a file about its traces. The key `tcpconn` has everything as JSON, other keys the most important facts as text.
 * @param selection options that select the attempts, as typed
 */
export function describeExport(
  { parts }: Scope,
  columns: readonly ExportColumn[],
  selection: Readonly<Record<string, unknown>>,
): Map<string, string> {
  const sessions = parts.map(describePart)
  const everything = {
    tool_version: TOOL_VERSION,
    selection,
    sessions,
    columns: Object.fromEntries(columns.map(({ name, comment }) => [name, comment])),
  }
  const lines = (text: (session: (typeof sessions)[number]) => string) => [...new Set(sessions.map(text))].join('\n')
  return new Map([
    ['tcpconn', JSON.stringify(everything)],
    ['tcpconn.host', lines(({ host }) => host)],
    ['tcpconn.version', TOOL_VERSION],
    ['tcpconn.schema_version', lines(({ schema_version: version }) => String(version))],
    ['tcpconn.loss', lines(({ loss_text: text }) => text ?? 'none')],
    ['tcpconn.completeness', lines(({ completeness_text: text }) => text)],
  ])
}

function describePart({ trace, sessionId }: SessionPart) {
  const session = readSession(trace, sessionId)
  const facts = readBatchFacts(trace.db, [sessionId])
  const { verdict, text } = describeCompleteness({ ...session, lost: sumLoss(facts) })
  const isOver = session.duration_ns !== null
  const dns = readSessionDns(trace.db, sessionId)
  return {
    ...describeSource({ trace, sessionId }),
    schema_version: Number(trace.db.pragma('user_version', { simple: true })),
    host: session.host,
    boot_id: session.boot_id,
    kernel: session.kernel,
    machine: session.machine,
    tool_version: session.tool_version,
    command_line: session.command_line,
    filters: parseFilters(session.filters),
    started_unix_ns: readStart(trace.db, sessionId),
    duration_ns: session.duration_ns,
    end_reason: session.end_reason,
    recorded_attempts: facts.attempts,
    lost_attempts: sumLoss(facts),
    loss: {
      ring_full: facts.ringFull,
      map_full: facts.mapFull,
      writer_behind: facts.writerBehind,
      end_not_seen: facts.missed,
      skipped: facts.skipped,
    },
    loss_text: describeLossCounts(facts),
    skipped_runs: session.skipped_run_count,
    uncovered_skipped_runs: session.uncovered_run_count,
    attempts_without_process: session.lost_process_count,
    limits: parseLimits(session.limits),
    dns: {
      source: dns.source,
      ports: dns.ports,
      lost_packets: dns.lost,
      malformed_packets: dns.malformed,
      evicted_names: dns.evicted,
    },
    has_local_errors: dns.hasLocalErrors,
    has_nat: session.has_nat === 1,
    lost_nat_addresses: session.nat_lost_count,
    completeness: isOver ? verdict : 'unchecked',
    completeness_text: isOver ? text : 'not known before the end',
  }
}

/** Where a session was read from. */
function describeSource({ trace, sessionId }: Pick<SessionPart, 'trace' | 'sessionId'>) {
  const remote = remoteSession({ trace, sessionId })
  if (remote !== undefined) return { server: trace.path, session_uuid: remote.uuid, session_id: remote.sessionId }
  return { file: basename(trace.path), file_bytes: statSync(trace.path).size, session_id: sessionId }
}

function readSession(trace: Trace, sessionId: number) {
  const bounded = <Name extends string>(names: readonly Name[], maxBytes?: number) =>
    names.map((name) => sql<string>`${sql.raw(boundedText(name, maxBytes))}`.as(name))
  const query = queries
    .selectFrom('session')
    .select(['duration_ns', 'kernel_attempts_min', 'kernel_attempts_max'])
    .select(['comparable_attempts', 'uncomparable_attempts'])
    .select(['skipped_run_count', 'uncovered_run_count', 'lost_process_count', 'has_nat', 'nat_lost_count'])
    .select(bounded(NAMES))
    .select(bounded(LISTS, MAX_LIST_BYTES))
    .select(sql<string | null>`${sql.raw(BOUNDED_LIMITS)}`.as('limits'))
    .select(sql<string | null>`${sql.raw(boundedText('end_reason'))}`.as('end_reason'))
    .where('session_id', '=', sessionId)
  const [session] = selectAll(trace.db, query)
  if (session === undefined) throw new Error(`${trace.path} has no session ${sessionId}`)
  return session
}

/** As text, because JSON readers convert numbers to doubles. */
function readStart(db: SessionPart['trace']['db'], sessionId: number): string {
  const find = db.prepare('SELECT started_unix_ns FROM session WHERE session_id = ?').pluck().safeIntegers()
  return String(find.get(sessionId))
}

function parseFilters(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
