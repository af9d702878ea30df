import type { Database } from 'better-sqlite3'
import type { QuerySettings, StoredQuery } from '../../src/analyze/query/stored-query.js'
import type { RawScope } from '../../src/analyze/options/select-scope.js'
import type { Column, Result } from '../../src/analyze/result/result.js'
import { inScope } from './in-scope.js'

export type RowObject = Record<string, string | number | bigint | null>

/** The options of a query, in addition to its scope. */
export type Asked = Partial<Omit<QuerySettings, 'values'>> & { readonly values?: QuerySettings['values'] }

/** The result of a built-in query for some files. */
export function runQuery(query: StoredQuery, files: readonly string[], raw: RawScope = {}, asked: Asked = {}): Result {
  const settings = { limit: Infinity, sort: null, width: 80, values: {}, ...asked }
  return inScope(files, raw, (scope) => query.run(scope, settings))
}

/** The rows of a result as objects by column. */
export function rowObjects({ columns, rows }: Result): RowObject[] {
  return rows.map((row) => {
    if (row.length !== columns.length) throw new Error(`${row.length} values in ${columns.length} columns`)
    return Object.fromEntries(row.map((value, i) => [columns[i]!.name, value])) as RowObject
  })
}

/** Columns as they are shown, without the functions that compute their values. */
export function shownColumns(columns: readonly (Column & { value?: unknown })[]): Column[] {
  return columns.map(({ value: _, ...shown }) => shown)
}

/** A row of the view `connects` with exact times. */
export interface Connect {
  readonly started_ns: bigint
  readonly latency_ns: number | null
  readonly outcome: string
  readonly [column: string]: unknown
}

/** All rows of the view that match a condition. */
export function readConnects(db: Database, where = '1'): Connect[] {
  const rows = db.prepare(`SELECT * FROM connects WHERE ${where}`).safeIntegers().all() as Record<string, unknown>[]
  return rows.map((row) => {
    const plain = Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value])
    return { ...Object.fromEntries(plain), started_ns: row.started_ns } as Connect
  })
}

/** Latencies of established attempts that are not inexact. */
export function latenciesOf(rows: readonly Connect[]): number[] {
  return rows.flatMap((row) => (row.outcome === 'established' && row.latency_ns !== null ? [row.latency_ns] : []))
}

/** Number of attempts that ended without a connection. */
export function countFailed(rows: readonly Connect[]): number {
  return rows.filter((row) => row.outcome !== 'established' && row.outcome !== 'pending').length
}
