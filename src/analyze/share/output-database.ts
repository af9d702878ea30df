import { closeSync, openSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { migrate } from '../../store/migrate.js'
import { openDatabase, sqlitePath } from '../../store/open-database.js'
import { outputFault } from '../output/output-faults.js'

const MODE = 0o600

/**
 * Creates an empty trace. Its journal is in memory, so that nothing of it is ever in another file: a trace that is not finished is
 * removed.
 * @param typed what errors call it
 */
export function createTrace(path: string, typed: string): Database {
  try {
    closeSync(openSync(path, 'wx', MODE))
  } catch (cause) {
    throw outputFault(typed, cause)
  }
  return prepareTrace(openDatabase(sqlitePath(path)))
}

/** An empty trace in memory. */
export function createMemoryTrace(): Database {
  return prepareTrace(openDatabase(':memory:'))
}

function prepareTrace(db: Database): Database {
  db.pragma('trusted_schema = OFF')
  db.pragma('journal_mode = MEMORY')
  db.pragma('synchronous = OFF')
  db.pragma('cell_size_check = ON')
  // Rows of a damaged original may refer to rows that do not exist.
  db.pragma('foreign_keys = OFF')
  migrate(db)
  return db
}
