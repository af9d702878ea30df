import type { Cell } from './pseudonyms.js'
import { createInsert, readRows, replaceRow, type Copying } from './copy-rows.js'
import { copyTable } from './copy-sessions.js'
import { createSumsReplacement } from './replace-sums.js'
import type { SessionCopy } from './copy-attempts.js'

const OF_SESSION = 'window_id IN (SELECT window_id FROM latency_window WHERE session_id = ?)'
const ROLLUPS_OF_SESSION = 'first_window_id IN (SELECT window_id FROM latency_window WHERE session_id = ?)'

/** Copies the batches and windows of a whole session, with their sums. */
export function copyWindows(copying: Copying, { sessionId, clock, version }: SessionCopy): void {
  copyTable(copying, 'batch', { sessionId, clock })
  copyTable(copying, 'latency_window', { sessionId, clock })
  // Windows of the first version have no sums.
  if (version < 2) return
  const replaceSums = createSumsReplacement(copying.ids, clock.shiftSeconds)
  for (const [table, where] of [
    ['window_sums', OF_SESSION],
    ['window_rollup', ROLLUPS_OF_SESSION],
  ] as const) {
    const insert = createInsert(copying.shared, table)
    for (const row of readRows(copying.db, table, where, [sessionId])) {
      const sums = replaceSums(String(row.dimension), row.sums as Buffer)
      insert({ ...replaceRow(copying, table, { ...row, sums: null }, clock), sums: Buffer.from(sums) as Cell })
    }
  }
}
