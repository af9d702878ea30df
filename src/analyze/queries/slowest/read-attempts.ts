import type { Database } from 'better-sqlite3'
import { CONNECT_COLUMNS, type ConnectColumn, type ConnectType } from '../../../attempt/connect-columns.js'
import { type ConnectColumnName } from '../../../attempt/connect-values.js'
import type { Column, Row, Value, ValueColumn } from '../../result/result.js'
import { remoteSession, type SessionPart } from '../../scan/scope.js'
import type { FoundAttempt } from './slowest-attempts.js'
import { boundedText, exactValue } from '../../scan/row-reader.js'

/** The columns that tables show of an attempt. Data formats have all columns. */
const SHOWN: Partial<Record<ConnectColumnName, Pick<Column, 'kind' | 'leaveOut' | 'minWidth'>>> = {
  started_ns: { kind: 'time' },
  latency_ns: { kind: 'duration' },
  outcome: { kind: 'text', leaveOut: 4 },
  syn_retransmits: { kind: 'count', leaveOut: 2 },
  pid: { kind: 'number', leaveOut: 3 },
  comm: { kind: 'text', leaveOut: 5 },
  user: { kind: 'text', leaveOut: 1 },
  remote_address: { kind: 'text', minWidth: 15 },
  remote_port: { kind: 'number' },
  dns_name: { kind: 'text' },
}

/** An attempt: the values of the view `connects`, by position of the column. */
export interface WholeAttempt {
  readonly part: SessionPart
  readonly row: Row
}

/** Columns for the values of the view `connects`. */
export const WHOLE_ATTEMPT_COLUMNS: readonly ValueColumn<WholeAttempt>[] = CONNECT_COLUMNS.map(columnOf)

function columnOf({ name, type, heading }: ConnectColumn, position: number): ValueColumn<WholeAttempt> {
  const shown = SHOWN[name as ConnectColumnName] ?? { kind: kindOf(type), isHidden: true }
  return { name, heading, ...shown, value: ({ row }) => row[position] ?? null }
}

function kindOf(type: ConnectType): Column['kind'] {
  if (type === 'utf8' || type === 'timestamp') return 'text'
  return type === 'duration' ? 'duration' : 'number'
}

const NAMES = WHOLE_ATTEMPT_COLUMNS.map(({ name }) => name)
const STARTED_NS = NAMES.indexOf('started_ns')
const SESSION_ID = NAMES.indexOf('session_id')

/** Reads whole attempts. Leaves out those with missing parts, which only a damaged file has. */
export function readAttempts(found: readonly FoundAttempt[]): WholeAttempt[] {
  const readers = new Map<Database, ReturnType<typeof createAttemptReader>>()
  return found.flatMap(({ part, attemptId }) => {
    const db = part.trace.lookup
    const read = readers.get(db) ?? createAttemptReader(db, NAMES)
    readers.set(db, read)
    const row = read(attemptId)
    if (row === null) return []
    const sessionId = remoteSession(part)?.sessionId ?? row[SESSION_ID] ?? null
    // A time is always a bigint, however small.
    return [{ part, row: row.with(STARTED_NS, BigInt(row[STARTED_NS] ?? 0)).with(SESSION_ID, sessionId) }]
  })
}

/**
 * Reads whole rows of the view `connects` by attempt_id. The view has no column for this id: the query is the view's
 * SQL,
 * known from the migrations, with one more condition.
 * @param columns names of the view's columns; columns that only later versions have are NULL
 * @returns their values, `null` for an attempt whose process or endpoint is missing, as in a damaged file
 */
function createAttemptReader(db: Database, columns: readonly string[]): (attemptId: number) => Value[] | null {
  const view = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = 'connects'").pluck().get()
  const body = String(view).replace(/^CREATE VIEW connects AS\s+/, '')
  // Views of older versions have fewer columns. SQLite treats an unknown name in double quotes as a text.
  const known = new Set(
    db
      .prepare('SELECT * FROM connects')
      .columns()
      .map((column) => column.name),
  )
  const names = columns.map((name) => (known.has(name) ? boundedText(`"${name}"`) : 'NULL')).join(', ')
  const select = db.prepare(`SELECT ${names} FROM (${body} WHERE a.attempt_id = ?)`).raw().safeIntegers()
  return (attemptId) => (select.get(attemptId) as Value[] | undefined)?.map(exactValue) ?? null
}
