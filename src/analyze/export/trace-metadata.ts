import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { sql } from 'kysely'
import { describeCompleteness } from '../../store/completeness-text.js'
import { describeLossCounts, sumLoss } from '../../store/loss-text.js'
import { TOOL_VERSION } from '../../version.js'
import { readSessionDns } from '../dns/session-dns.js'
import { queries, selectAll } from '../trace/query-builder.js'
import { boundedText } from '../trace/row-reader.js'
import type { Scope, SessionPart } from '../trace/scope.js'
import { readBatchFacts } from '../trace/session-facts.js'
import type { Trace } from '../trace/trace.js'
import type { ExportColumn, FileMetadata } from './rows/column.js'

const NAMES = ['host', 'boot_id', 'kernel', 'machine', 'tool_version'] as const
/** What was typed may list many ports or networks. Every reader of a file reads all of its metadata. */
const LISTS = ['command_line', 'filters'] as const
const MAX_LIST_BYTES = 1 << 16

/**
 * What a file says of the traces that it was made of. `tcpconn` holds everything as JSON; the other keys say the most
 * important in plain words.
 * @param selection options that chose the attempts, as they were typed
 */
export function describeExport(
  { parts }: Scope,
  columns: readonly ExportColumn[],
  selection: Readonly<Record<string, unknown>>,
): FileMetadata {
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
    file: basename(trace.path),
    file_bytes: statSync(trace.path).size,
    schema_version: Number(trace.db.pragma('user_version', { simple: true })),
    session_id: sessionId,
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
    dns: { source: dns.source, lost_packets: dns.lost, malformed_packets: dns.malformed, evicted_names: dns.evicted },
    has_local_errors: dns.hasLocalErrors,
    completeness: isOver ? verdict : 'unchecked',
    completeness_text: isOver ? text : 'not known before the end',
  }
}

function readSession(trace: Trace, sessionId: number) {
  const bounded = <Name extends string>(names: readonly Name[], maxBytes?: number) =>
    names.map((name) => sql<string>`${sql.raw(boundedText(name, maxBytes))}`.as(name))
  const query = queries
    .selectFrom('session')
    .select(['duration_ns', 'kernel_attempts_min', 'kernel_attempts_max'])
    .select(['comparable_attempts', 'uncomparable_attempts'])
    .select(['skipped_run_count', 'uncovered_run_count', 'lost_process_count'])
    .select(bounded(NAMES))
    .select(bounded(LISTS, MAX_LIST_BYTES))
    .select(sql<string | null>`${sql.raw(boundedText('end_reason'))}`.as('end_reason'))
    .where('session_id', '=', sessionId)
  const [session] = selectAll(trace.db, query)
  if (session === undefined) throw new Error(`${trace.path} has no session ${sessionId}`)
  return session
}

/** Exact: as text, since JSON readers take numbers for doubles. */
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
