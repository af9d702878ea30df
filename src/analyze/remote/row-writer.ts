import type { Database } from 'better-sqlite3'
import type { ColumnRule } from '../share/column-rules.js'
import { COLUMNS, type SharedTable } from '../share/columns.js'
import type { RemoteCell } from './read-rows.js'
import { nameInTrace, type MergedTable, type SessionIds } from './session-ids.js'

/** Inserts rows of a session into a table of the trace, with ids of the trace. A row that no trace has is a fault of its session. */
export type WriteRow = (session: SessionIds, row: readonly (RemoteCell | Buffer)[]) => void

/**
 * @param columns of the rows, in order; ids are those of the session's own trace
 */
export function createRowWriter(db: Database, table: SharedTable, columns: readonly string[]): WriteRow {
  const rules = COLUMNS[table] as Readonly<Record<string, ColumnRule>>
  const places = columns.map(() => '?').join(', ')
  const insert = db.prepare(`INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
  const ids = columns.map((column) => {
    const rule = rules[column]
    return typeof rule === 'object' && 'id' in rule ? rule.id : null
  })
  return (session, row) => {
    const values = row.map((value, i) => {
      const of = ids[i] ?? null
      return of === null || value === null ? value : nameInTrace(session, of, Number(value))
    })
    // An address without a container, see `nameInTrace`.
    if (table === 'container_address' && values[columns.indexOf('container_key')] === null) return
    if (session.fault === null) tryInsert(session, table, () => insert.run(...values))
  }
}

/** The tables have types and constraints, which rows of a recorder meet. */
export function tryInsert(session: SessionIds, table: string, insert: () => unknown): void {
  try {
    insert()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string }
    if (typeof code !== 'string' || !/^SQLITE_(CONSTRAINT|MISMATCH)/.test(code)) throw error
    session.fault ??= `a row of trace_${table} cannot be part of a trace: ${message}`
  }
}

/** Inserts the rows of a table that sessions share: equal rows become one. */
export function createMergingWriter(db: Database, table: MergedTable, columns: readonly string[]): WriteRow {
  const places = columns.map(() => '?').join(', ')
  const insert = db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
  const known = new Map<string, number>()
  return (session, [id, ...rest]) => {
    if (session.fault !== null) return
    const { merged } = session
    const key = JSON.stringify(rest.map(textOf))
    let number = known.get(key)
    if (number === undefined) {
      const next = known.size + 1
      tryInsert(session, table, () => insert.run(next, ...rest))
      if (session.fault !== null) return
      number = next
      known.set(key, number)
    }
    merged[table].set(Number(id), number)
  }
}

function textOf(cell: RemoteCell | Buffer): RemoteCell {
  return Buffer.isBuffer(cell) ? cell.toString('latin1') : cell
}
