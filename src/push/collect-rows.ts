import type { Database } from 'better-sqlite3'
import { FLEET_TABLES, type CopiedTable, type TraceTableName } from '../fleet/trace-tables.js'
import {
  createEncodedRows,
  dropRow,
  iterateCopied,
  putRow,
  selectCopied,
  type PushedCell,
  type EncodedRows,
  type SessionName,
} from './copied-rows.js'
import type { SentRows } from './sent-rows.js'

/** Collects rows of a session, by table. */
export interface RowCollector {
  /** All tables that got rows */
  readonly collected: EncodedRows[]
  /** Adds rows with these ids. Ids without a row are left out. */
  addIds(table: TraceTableName, ids: Iterable<number>): void
  /** Adds the rows that a condition selects. @returns their number */
  addWhere(table: TraceTableName, condition: string, ...parameters: readonly (number | string)[]): number
  /** Adds those rows that were not sent with exactly these values. @returns the added rows */
  addChanged(table: TraceTableName, sent: SentRows, condition: string, ...parameters: readonly number[]): PushedCell[][]
}

/** @param db must not run another statement with the same table */
export function createRowCollector(db: Database, name: SessionName): RowCollector {
  const byTable = new Map<CopiedTable, EncodedRows>()
  const rowsOf = (table: CopiedTable) => {
    let rows = byTable.get(table)
    if (rows === undefined) byTable.set(table, (rows = createEncodedRows(table)))
    return rows
  }
  return {
    get collected() {
      return [...byTable.values()].filter(({ rowCount }) => rowCount > 0)
    },
    addIds(source, ids) {
      const table = FLEET_TABLES[source]
      const find = db
        .prepare(`${selectCopied(table)} WHERE ${table.copied[0]!.name} = ?`)
        .raw()
        .safeIntegers()
      const rows = rowsOf(table)
      for (const id of ids) {
        const row = find.get(id) as PushedCell[] | undefined
        if (row !== undefined) putRow(rows, name, row, db.name)
      }
    },
    addWhere(source, condition, ...parameters) {
      const table = FLEET_TABLES[source]
      const rows = rowsOf(table)
      const before = rows.rowCount
      for (const row of iterateCopied(db, `${selectCopied(table)} ${condition}`, ...parameters)) {
        putRow(rows, name, row, db.name)
      }
      return rows.rowCount - before
    },
    addChanged(source, sent, condition, ...parameters) {
      const table = FLEET_TABLES[source]
      const rows = rowsOf(table)
      const added: PushedCell[][] = []
      for (const row of iterateCopied(db, `${selectCopied(table)} ${condition}`, ...parameters)) {
        const bytes = putRow(rows, name, row, db.name)
        if (sent.addRow(source, bytes)) added.push(row)
        else dropRow(rows, bytes)
      }
      return added
    },
  }
}
