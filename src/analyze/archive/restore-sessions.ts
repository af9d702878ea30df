import { LOSS_COLUMNS } from '../../attempt/loss-causes.js'
import type { Database } from 'better-sqlite3'
import { FLAG_NAMES } from '../scan/session-facts.js'
import { damagedFile } from './archive-fault.js'
import type { FoundArchived } from './find-archived.js'

/** A session of a data set in the temporary trace. */
export interface RestoredSession extends FoundArchived {
  readonly sessionId: number
  /** What is added to the ids of attempts: those of a session follow those of the session before */
  readonly offset: number
}

/** Writes what an answer needs of sessions besides their attempts. @throws E_ARCHIVE_DAMAGED */
export function restoreSessions(db: Database, sessions: readonly FoundArchived[]): RestoredSession[] {
  let next = 1
  return sessions.map((session, i) => {
    const { facts, parts } = session
    const restored = { ...session, sessionId: i + 1, offset: next - facts.first_attempt_id }
    next += facts.attempts
    try {
      writeSession(db, restored)
    } catch (error) {
      throw damagedFile(parts.at(-1)?.part.name ?? '', error)
    }
    return restored
  })
}

function writeSession(db: Database, { facts, sessionId, offset }: RestoredSession): void {
  const known = new Set(db.prepare("SELECT name FROM pragma_table_info('session')").pluck().all() as string[])
  const integers = new Set(
    db.prepare("SELECT name FROM pragma_table_info('session') WHERE type = 'INTEGER'").pluck().all() as string[],
  )
  const cells = Object.entries(facts.row).filter(
    ([name]) => known.has(name) && name !== 'session_id' && name !== 'host',
  )
  const names = ['session_id', 'host', ...cells.map(([name]) => name)]
  const values = cells.map(([name, value]) => (typeof value === 'string' && integers.has(name) ? BigInt(value) : value))
  insert(db, 'session', names).run(sessionId, facts.host, ...values)
  const clock = insert(db, 'clock_offset', ['session_id', 'since_ns', 'unix_offset_ns'])
  for (const [sinceNs, unixOffsetNs] of facts.clock_offsets) clock.run(sessionId, sinceNs, BigInt(unixOffsetNs))
  const batch = ['session_id', 'first_attempt_id', 'attempt_count', 'written_ns', 'min_started_ns', 'max_started_ns']
  const { first_attempt_id: first, attempts, written_ns: written, min_started_ns: min, max_started_ns: max } = facts
  insert(db, 'batch', [...batch, ...LOSS_COLUMNS]).run(
    sessionId,
    first + offset,
    attempts,
    written,
    min,
    max,
    ...facts.lost,
  )
}

/** A window of all attempts that were restored, without sums: it counts the bits of their flags. */
export function writeWindows(db: Database, sessions: readonly RestoredSession[]): void {
  const counts = FLAG_NAMES.map((_, bit) => `total(flags >> ${bit} & 1)`)
  const read = db
    .prepare(
      `SELECT min(started_ns), max(started_ns), ${counts.join(', ')} FROM connect_attempt WHERE attempt_id BETWEEN ? AND ?`,
    )
    .raw()
  const columns = ['session_id', 'first_attempt_id', 'last_attempt_id', 'min_started_ns', 'max_started_ns']
  const write = insert(db, 'latency_window', [...columns, ...FLAG_NAMES])
  for (const { sessionId, facts, offset } of sessions) {
    const first = facts.first_attempt_id + offset
    const last = first + facts.attempts - 1
    const [min, ...rest] = read.get(first, last) as (number | null)[]
    if (min !== null) write.run(sessionId, first, last, min, ...rest)
  }
}

function insert(db: Database, table: string, columns: readonly string[]) {
  return db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
}
