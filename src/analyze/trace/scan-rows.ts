import { sql } from 'kysely'
import { AT, ATTEMPT_COLUMNS, type AttemptColumn } from './attempt-columns.js'
import type { IdRange } from './cover.js'
import { asSafe, type TakeRow } from './decode-attempts.js'
import { queries } from './query-builder.js'
import { readConditions } from './row-filter.js'
import { createRowTest, type RowTest } from './row-test.js'
import type { Scope, SessionPart } from './scope.js'
import { scanPages } from './scan-pages.js'
import { findLeafPages } from './table-pages.js'

const AGGREGATE = 'scan_row'

/**
 * Passes every attempt of some ids that a scope covers, in the order of ids, with the columns that are asked for. A
 * closed trace is read page by page, past SQLite, in a third of the time; one that is in WAL mode, as while it is being
 * recorded, through SQLite.
 */
export function scanRows(
  scope: Scope,
  part: SessionPart,
  ranges: readonly IdRange[],
  columns: readonly AttemptColumn[],
  take: TakeRow,
): void {
  const scan = prepareScan(scope, part, columns, take)
  for (const range of ranges) scan(range)
}

/** The same for a range at a time, for who wants to do something in between. */
export function prepareScan(
  scope: Scope,
  part: SessionPart,
  columns: readonly AttemptColumn[],
  take: TakeRow,
): (range: IdRange) => void {
  const conditions = readConditions(scope, part)
  const test = createRowTest(conditions)
  const distinct = [...new Set(columns)]
  const { attempts: table, workers } = part.trace
  return (range) => {
    if (table === null) return scanTable(part, range, { columns, test }, take)
    const pages = findLeafPages(table, range.first, range.last)
    scanPages({ ...range, table, pages, columns: distinct, conditions }, workers, take)
  }
}

interface Wanted {
  readonly columns: readonly AttemptColumn[]
  readonly test: RowTest
}

function scanTable({ trace }: SessionPart, range: IdRange, { columns, test }: Wanted, take: TakeRow): void {
  const row = new Float64Array(ATTEMPT_COLUMNS.length)
  const selectedColumns = [...new Set([...columns, ...test.columns])]
  const positions = selectedColumns.map((column) => AT[column])
  const step = (_: unknown, ...values: (number | null)[]) => {
    for (let i = 0; i < positions.length; i++) row[positions[i] as number] = asSafe(values[i] ?? NaN)
    if (test.accepts(row)) take(row)
  }
  trace.db.aggregate(AGGREGATE, { start: null, varargs: true, step })
  const selected = selectedColumns.map((column) => sql.ref(column))
  const query = queries
    .selectFrom('connect_attempt')
    .select(sql`${sql.raw(AGGREGATE)}(${sql.join(selected)})`.as('scanned'))
    .where('attempt_id', '>=', range.first)
    .where('attempt_id', '<=', range.last)
  const { sql: text, parameters } = query.compile()
  trace.db.prepare(text).get(...parameters)
}
