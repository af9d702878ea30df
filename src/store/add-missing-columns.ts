import type { Database } from 'better-sqlite3'

/** Columns that the fourth version of the format added, by table, with what an older trace knows of them. */
const FOURTH = {
  session: 'NULL AS skipped_run_count, NULL AS uncovered_run_count, 0 AS lost_process_count, 0 AS lost_skipped_count',
  batch: '0 AS lost_skipped_count',
  latency_window: '0 AS inexact',
}

/**
 * Puts temporary views in front of the tables of an older trace, so that readers find the columns of this version. The
 * file is not changed. To be called before the connection is made read-only by `query_only`.
 */
export function addMissingColumns(db: Database): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version === 0 || version >= 4) return
  for (const [table, columns] of Object.entries(FOURTH)) {
    db.exec(`CREATE TEMP VIEW ${table} AS SELECT *, ${columns} FROM main.${table}`)
  }
}
