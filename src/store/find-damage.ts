import Database from 'better-sqlite3'
import { TcpconnError, messageOf } from '../errors.js'
import { damagedTrace, readFault } from './check-trace.js'

/**
 * What an error that nobody expected means: most of the time, that one of the traces holds what no recorder writes.
 * Reads the whole of them to find out.
 * @returns E_DAMAGED_TRACE, or the error as it is when there is nothing wrong with the files
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

/** The first thing that is wrong with a file, `null` for nothing. */
function damageOf(path: string): string | null {
  let db: Database.Database | undefined
  try {
    db = new Database(path, { readonly: true, timeout: 2000 })
    db.pragma('trusted_schema = OFF')
    const found = String(db.pragma('quick_check(1)', { simple: true }))
    return found === 'ok' ? null : found
  } catch (error) {
    return messageOf(error)
  } finally {
    db?.close()
  }
}
