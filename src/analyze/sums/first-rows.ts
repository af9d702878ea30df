import type { Database } from 'better-sqlite3'

/**
 * A process has several rows when its threads have names of their own, or when it went over to another program.
 * @returns the process_id of the first row of the process that a row of this session belongs to
 */
export function createFirstRowReader(db: Database, sessionId: number): (processId: number) => number {
  const firsts = new Map<number, number>()
  const rows = db
    .prepare(
      `SELECT process_id, pid, process_start_ns FROM process WHERE session_id = ?
       ORDER BY pid, process_start_ns, process_id`,
    )
    .raw()
    // A start may be beyond 2^53, where two of them could look the same.
    .safeIntegers()
    .iterate(sessionId) as IterableIterator<[bigint, bigint, bigint]>
  let [first, firstPid, firstStart] = [0, -1n, -1n]
  for (const [id, pid, start] of rows) {
    if (pid === firstPid && start === firstStart) firsts.set(Number(id), first)
    else [first, firstPid, firstStart] = [Number(id), pid, start]
  }
  return (id) => firsts.get(id) ?? id
}
