import { sql } from 'kysely'
import { createGathering, passRows, type TakeBlock, type TakeRow } from './attempt-block.js'
import { AT, type AttemptColumn } from './attempt-columns.js'
import type { IdRange } from './cover.js'
import { asSafe } from './record-layouts.js'
import { queries } from './query-builder.js'
import { readConditions } from './row-filter.js'
import { createColumnTests, type ColumnTest } from './row-test.js'
import type { Scope, SessionPart } from './scope.js'
import { scanPages } from './scan-pages.js'
import { findLeafPages } from './table-pages.js'

const AGGREGATE = 'scan_row'

/** Rows that are gathered of what SQLite hands out. */
const GATHERED = 4096

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
  scanBlocks(scope, part, ranges, columns, passRows(columns, take))
}

/** The same, many attempts at a time. */
export function scanBlocks(
  scope: Scope,
  part: SessionPart,
  ranges: readonly IdRange[],
  columns: readonly AttemptColumn[],
  take: TakeBlock,
): void {
  const scan = prepareBlocks(scope, part, columns, take)
  for (const range of ranges) scan(range)
}

/** As `scanRows` for a range at a time, for who wants to do something in between. */
export function prepareScan(
  scope: Scope,
  part: SessionPart,
  columns: readonly AttemptColumn[],
  take: TakeRow,
): (range: IdRange) => void {
  return prepareBlocks(scope, part, columns, passRows(columns, take))
}

function prepareBlocks(
  scope: Scope,
  part: SessionPart,
  wanted: readonly AttemptColumn[],
  take: TakeBlock,
): (range: IdRange) => void {
  const columns = [...new Set(wanted)]
  const conditions = readConditions(scope, part)
  const { attempts: table, workers } = part.trace
  if (table === null) return prepareTable(part, columns, createColumnTests(conditions), take)
  return ({ first, last }) => {
    const isLarge = workers !== null && workers.count > 0 && last - first + 1 >= workers.minAttempts
    if (isLarge) workers.start()
    const pages = findLeafPages(table, first, last)
    scanPages({ table, pages, first, last, columns, conditions }, isLarge ? workers : null, take)
  }
}

function prepareTable(
  { trace }: SessionPart,
  columns: readonly AttemptColumn[],
  tests: readonly ColumnTest[],
  take: TakeBlock,
): (range: IdRange) => void {
  const selected = [...new Set([...columns, ...tests.map(({ column }) => column)])]
  const positions = columns.map((column) => AT[column])
  const { roomFor, flush } = createGathering(columns, GATHERED, take)
  const step = (_: unknown, ...values: (number | null)[]) => {
    // What was asked for comes first.
    const valueOf = (column: AttemptColumn) => asSafe(values[selected.indexOf(column)] ?? NaN)
    if (!tests.every(({ column, accepts }) => accepts(valueOf(column)))) return
    const block = roomFor(1)
    for (const [i, position] of positions.entries()) block.columns[position]![block.count] = asSafe(values[i] ?? NaN)
    block.count++
  }
  return ({ first, last }) => {
    trace.db.aggregate(AGGREGATE, { start: null, varargs: true, step })
    const query = queries
      .selectFrom('connect_attempt')
      .select(sql`${sql.raw(AGGREGATE)}(${sql.join(selected.map((column) => sql.ref(column)))})`.as('scanned'))
      .where('attempt_id', '>=', first)
      .where('attempt_id', '<=', last)
    const { sql: text, parameters } = query.compile()
    trace.db.prepare(text).get(...parameters)
    flush()
  }
}
