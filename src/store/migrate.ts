import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { PACKAGE_ROOT } from '../package-root.js'

/** `PRAGMA application_id` of a trace: "tcpc". */
export const APPLICATION_ID = 0x74637063

const DIRECTORY = join(PACKAGE_ROOT, 'migrations')

/** Plain SQL files, `0001-…` first. The number of those applied is the file's `user_version`. */
function listMigrations(): string[] {
  return readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
}

/** Version of the trace format that this tool writes. */
export function latestVersion(): number {
  return listMigrations().length
}

/** Brings an open database to a version, all or nothing. Does nothing when it is there already. */
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
