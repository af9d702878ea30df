import { join } from 'node:path'
import Database from 'better-sqlite3'
import { latestVersion, migrate } from '../../src/store/migrate.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

/** Every version of the format before the current one. */
export const OLDER_VERSIONS: readonly number[] = Array.from({ length: latestVersion() - 1 }, (_, i) => i + 1)

/**
 * A copy of a trace as an earlier version of the tool would have written it, with only the tables and columns of that
 * version. Before version 4, every process of the trace must be known.
 */
export function makeOlderTrace(
  file: string,
  version: number,
  copy = join(makeTemporaryDirectory(), `version-${version}.db`),
): string {
  const db = new Database(copy)
  migrate(db, version)
  // Foreign keys are off, because tables are copied in any order.
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
