import type { Database } from 'better-sqlite3'
import type { ColumnRule, ValueKind } from './column-rules.js'
import { COLUMNS, type SharedTable } from './columns.js'
import type { Field, Treatment } from './fields.js'
import type { Pseudonyms, OriginalRow, Cell } from './pseudonyms.js'
import type { SharedIds } from './shared-ids.js'
import type { SessionClock } from './session-clock.js'

/** Kinds that a dry run does not count: they go with another value of their field. */
const SECONDARY: readonly ValueKind[] = [
  'recorder ticks',
  'process start',
  'cgroup number',
  'cookie',
  'file name',
  'unix offset',
  'time',
  'end',
  'sums',
]

/** What the rows of one original are copied with. */
export interface Copying {
  /** The original, read-only */
  readonly db: Database
  readonly shared: Database
  readonly ids: SharedIds
  readonly pseudonyms: Pseudonyms
  /** Called with each value of a field, and with what the shared trace has in its place. */
  readonly note: (field: string, original: Cell, result: Cell) => void
}

/** Tables in which different rows of the original may become one. */
const MERGED: readonly SharedTable[] = ['endpoint', 'local_address', 'dns_name', 'dns_address', 'container_address']

/** Fields without which nothing is left of a table */
const NEEDED: Partial<Record<SharedTable, readonly Field[]>> = {
  container: ['container'],
  container_address: ['container', 'addresses'],
}

/** Whether a field that is dropped leaves nothing of a table, which no row then refers to. */
export function isLeftOut({ actions }: Treatment, table: SharedTable): boolean {
  return (NEEDED[table] ?? []).some((field) => actions[field] === 'dropped')
}

/** Columns that are copied. */
function copiedColumns(table: SharedTable): string[] {
  const rules = Object.entries(COLUMNS[table] as Readonly<Record<string, ColumnRule>>)
  return rules.flatMap(([column, rule]) => (rule === 'numbered anew' ? [] : [column]))
}

/** Rows of a table of the original, with integers as bigint. */
export function* readRows(
  db: Database,
  table: SharedTable,
  where = '1',
  values: unknown[] = [],
): Generator<OriginalRow> {
  const select = `SELECT ${copiedColumns(table).join(', ')} FROM ${table} WHERE ${where}`
  yield* db
    .prepare(select)
    .safeIntegers()
    .iterate(...values) as IterableIterator<OriginalRow>
}

/** Inserts rows of a table; returns whether a row is new. */
export function createInsert(shared: Database, table: SharedTable): (row: OriginalRow) => boolean {
  const columns = copiedColumns(table)
  const places = columns.map((column) => `@${column}`).join(', ')
  const verb = MERGED.includes(table) ? 'INSERT OR IGNORE' : 'INSERT'
  const insert = shared.prepare(`${verb} INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
  return (row) => insert.run(row).changes > 0
}

/**
 * @param clock of the session that the row belongs to
 * @param change what becomes of the replaced row
 */
export function replaceRow(
  copying: Copying,
  table: SharedTable,
  row: OriginalRow,
  clock: SessionClock | null,
  change: (result: Record<string, Cell>) => Record<string, Cell> = (result) => result,
): Record<string, Cell> {
  const rules = COLUMNS[table] as Readonly<Record<string, ColumnRule>>
  const replaced: Record<string, Cell> = {}
  for (const column of copiedColumns(table)) {
    const value = row[column] as Cell
    replaced[column] = replaceValue(copying, rules[column] as ColumnRule, { value, row, clock })
  }
  const result = change(replaced)
  for (const column of copiedColumns(table)) {
    const rule = rules[column] as ColumnRule
    if (typeof rule === 'string' || 'id' in rule || SECONDARY.includes(rule.as)) continue
    if (row[column] !== null) copying.note(rule.field, row[column] as Cell, result[column] as Cell)
  }
  return result
}

function replaceValue(
  { ids, pseudonyms }: Copying,
  rule: ColumnRule,
  { value, row, clock }: { value: Cell; row: OriginalRow; clock: SessionClock | null },
): Cell {
  if (typeof rule === 'string' || value === null) return value
  if ('id' in rule) return isLeftOut(pseudonyms.treatment, rule.id) ? null : ids.of(rule.id, value as bigint)
  return rule.field === 'time' && clock !== null
    ? clock.replace(rule.as, value as bigint)
    : pseudonyms.replace(rule.field, rule.as, value, row)
}
