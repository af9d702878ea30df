import type { Database } from 'better-sqlite3'
import { prepareOnce } from '../scan/query-builder.js'

/**
 * A process has several rows if its threads have names, or after exec.
 * @returns a function from the process_id of a row to that of the first row of the same process
 */
export function createFirstRowReader(db: Database, sessionId: number): (processId: number) => number {
  const firsts = new Map<number, number>()
  const sql = `SELECT process_id, pid, process_start_ns FROM process WHERE session_id = ?
    ORDER BY pid, process_start_ns, process_id`
  // A start time may exceed 2^53, where different ones could become equal.
  const rows = prepareOnce(db, sql, 'exact arrays').iterate(sessionId) as IterableIterator<[bigint, bigint, bigint]>
  let [first, firstPid, firstStart] = [0, -1n, -1n]
  for (const [id, pid, start] of rows) {
    if (pid === firstPid && start === firstStart) firsts.set(Number(id), first)
    else [first, firstPid, firstStart] = [Number(id), pid, start]
  }
  return (id) => firsts.get(id) ?? id
}
