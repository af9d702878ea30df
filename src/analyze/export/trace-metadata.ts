import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { describeCompleteness } from '../../store/completeness-text.js'
import { describeLossCounts, sumLoss } from '../../store/loss-text.js'
import { TOOL_VERSION } from '../../version.js'
import { queries, selectAll } from '../trace/query-builder.js'
import type { Scope, SessionPart } from '../trace/scope.js'
import { readBatchFacts } from '../trace/session-facts.js'
import type { ExportColumn, FileMetadata } from './rows/column.js'

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
  const query = queries.selectFrom('session').selectAll().where('session_id', '=', sessionId)
  const session = selectAll(trace.db, query)[0]
  if (session === undefined) throw new Error(`${trace.path} has no session ${sessionId}`)
  const facts = readBatchFacts(trace.db, [sessionId])
  const { verdict, text } = describeCompleteness({ ...session, lost: sumLoss(facts) })
  const isOver = session.duration_ns !== null
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
    },
    loss_text: describeLossCounts(facts),
    completeness: isOver ? verdict : 'unchecked',
    completeness_text: isOver ? text : 'not known before the end',
  }
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
