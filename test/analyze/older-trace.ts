import { join } from 'node:path'
import Database from 'better-sqlite3'
import { migrate } from '../../src/store/migrate.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

/** Versions of the format that know nothing of DNS lookups and containers. */
export const OLDER_VERSIONS = [1, 2] as const

/** A copy of a trace as a tool of an earlier version would have written it: with what its tables and columns hold. */
export function makeOlderTrace(file: string, version: number): string {
  const copy = join(makeTemporaryDirectory(), `version-${version}.db`)
  const db = new Database(copy)
  migrate(db, version)
  // Tables are copied in any order.
  db.pragma('foreign_keys = OFF')
  db.prepare('ATTACH ? AS newer').run(file)
  const names = (sql: string) => db.prepare(sql).pluck().all() as string[]
  for (const table of names("SELECT name FROM main.sqlite_schema WHERE type = 'table'")) {
    const newer = names(`SELECT name FROM pragma_table_info('${table}', 'newer')`)
    const columns = names(`SELECT name FROM pragma_table_info('${table}', 'main')`)
    if (newer.length === 0) continue
    db.exec(`INSERT OR IGNORE INTO main."${table}" SELECT ${columns.join(', ')} FROM newer."${table}"`)
  }
  db.close()
  return copy
}
