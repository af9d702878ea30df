import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { PACKAGE_ROOT } from '../base/package.js'

/** `PRAGMA application_id` of a trace: "tcpc". */
export const APPLICATION_ID = 0x74637063

const DIRECTORY = join(PACKAGE_ROOT, 'migrations')

/** SQL files, starting with `0001-…`. The number of applied files is the file's `user_version`. */
function listMigrations(): string[] {
  return readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
}

/** Version of the trace format that this tool writes. */
export function latestVersion(): number {
  return listMigrations().length
}

/** Migrates an open database to a version in one transaction. Does nothing if it has that version. */
export function migrate(db: Database, version = latestVersion()): void {
  const current = db.pragma('user_version', { simple: true }) as number
  const missing = listMigrations().slice(current, version)
  if (missing.length === 0) return
  db.transaction(() => {
    for (const name of missing) db.exec(readFileSync(join(DIRECTORY, name), 'utf8'))
    db.pragma(`user_version = ${current + missing.length}`)
    db.pragma(`application_id = ${APPLICATION_ID}`)
  }).immediate()
}
