import type { Database } from 'better-sqlite3'
import type { Value } from '../result/result.js'
import { boundedText, exactValue } from './row-reader.js'

/**
 * Reads whole rows of the view `connects` by attempt_id, which the view itself leaves out: its SQL, which is that of a
 * migration in every file that can be opened, with one condition more.
 * @param columns names of the view's columns; those that only later versions have are NULL
 * @returns their values, `null` for an attempt whose process or endpoint is missing, as in a damaged file
 */
export function createAttemptReader(db: Database, columns: readonly string[]): (attemptId: number) => Value[] | null {
  const view = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = 'connects'").pluck().get()
  const body = String(view).replace(/^CREATE VIEW connects AS\s+/, '')
  // Views of older versions have fewer columns, and SQLite takes a name in quotes that is no column for a text.
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
