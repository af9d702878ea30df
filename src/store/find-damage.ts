import type { Database } from 'better-sqlite3'
import { TcpconnError, messageOf } from '../base/errors.js'
import { damagedTrace, readFault } from './check-trace.js'
import { openDatabase, sqlitePath } from './open-database.js'

/** Columns with integers that can exceed 2^53: current Unix ns, and ns since boot after 104 days. */
const LARGE_COLUMNS = [
  'started_unix_ns',
  'unix_offset_ns',
  'kernel_cgroup_id',
  'recorder_start_ticks',
  'process_start_ns',
]
/** NOT NULL, but not declared so, because the constraint costs the writer time per row. */
const NEVER_NULL = ['session_id', 'started_ns', 'outcome', 'process_id', 'endpoint_id']

/**
 * Finds the reason for an unexpected error, usually a trace with values that no recorder writes. Reads all traces
 * completely.
 * @returns E_DAMAGED_TRACE, or the original error if the files are valid
 */
export function findDamage(paths: readonly string[], thrown: unknown): unknown {
  const fault = readFault(paths.join(', '), thrown)
  if (fault instanceof TcpconnError || !(fault instanceof Error)) return fault
  for (const path of paths) {
    const damage = damageOf(path)
    if (damage !== null) return damagedTrace(path, new Error(damage, { cause: thrown }))
  }
  return thrown
}

/** The first defect of a file, `null` without any. */
function damageOf(path: string): string | null {
  let db: Database | undefined
  try {
    db = openDatabase(sqlitePath(path), { readonly: true, timeout: 2000 })
    db.pragma('trusted_schema = OFF')
    // For STRICT tables it checks the types of all values too.
    const found = String(db.pragma('quick_check(1)', { simple: true }))
    return found === 'ok' ? findAbsurdValue(db) : found
  } catch (error) {
    return messageOf(error)
  } finally {
    db?.close()
  }
}

function findAbsurdValue(db: Database): string | null {
  const columns = db
    .prepare(
      `SELECT m.name, p.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p
       WHERE m.type = 'table' AND p.type = 'INTEGER'`,
    )
    .raw()
    .all() as [string, string][]
  for (const [table, column] of columns) {
    const limit = LARGE_COLUMNS.includes(column) ? 2 ** 62 : Number.MAX_SAFE_INTEGER
    const isMissing = table === 'connect_attempt' && NEVER_NULL.includes(column) ? ` OR "${column}" IS NULL` : ''
    const sql = `SELECT 1 FROM "${table}" WHERE "${column}" NOT BETWEEN ${-limit} AND ${limit}${isMissing} LIMIT 1`
    if (db.prepare(sql).get() !== undefined) return `no recorder writes what ${column} of ${table} holds`
  }
  return null
}
