import type { Database } from 'better-sqlite3'
import { AT, type AttemptRow } from './attempt-columns.js'

/**
 * Finds the dns_name_id of attempts, 0 for none. Attempts must come in the order of ids: both tables are then read once.
 */
export function createDnsReader(db: Database): (row: AttemptRow) => number {
  const hasNames = db.prepare('SELECT EXISTS (SELECT 1 FROM connect_dns)').pluck().get() === 1
  if (!hasNames) return () => 0
  const find = db
    .prepare('SELECT attempt_id, dns_name_id FROM connect_dns WHERE attempt_id >= ? ORDER BY attempt_id LIMIT 4096')
    .raw()
  let known: [number, number][] = []
  let next = 0
  let isRead = false
  return (row) => {
    const id = row[AT.attempt_id] as number
    while (next < known.length && (known[next] as [number, number])[0] < id) next++
    if (next === known.length && !(isRead && known.length === 0)) {
      known = find.all(id) as [number, number][]
      next = 0
      isRead = true
    }
    const [attemptId, nameId] = known[next] ?? [0, 0]
    return attemptId === id ? nameId : 0
  }
}
