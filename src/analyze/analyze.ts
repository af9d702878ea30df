import { UsageError } from '../errors.js'
import { safeLine } from '../show/safe-text.js'
import { readFault } from '../store/check-trace.js'
import { openTrace } from '../store/open-trace.js'
import { renderJson } from './result/render-json.js'
import { renderTable } from './result/render-table.js'
import type { StoredQuery } from './queries/stored-query.js'
import { describeCover, describeLoss } from './trace/session-facts.js'
import { selectSessions } from './trace/select-sessions.js'

const TABLE_ROWS = 20

/** Options of every stored query, as typed. */
export interface AnalyzeOptions {
  readonly session?: string
  readonly limit?: string
  readonly format: 'table' | 'json'
}

/** Runs a stored query over a trace and prints the result. Loss is the first thing that is said. */
export function analyze(query: StoredQuery, file: string, options: AnalyzeOptions): void {
  const isTable = options.format === 'table'
  const limit = parseLimit(options.limit) ?? (isTable ? TABLE_ROWS : Infinity)
  const db = openTrace(file)
  try {
    // One state of the file for all that is read, also while it is being recorded.
    db.exec('BEGIN')
    const sessionIds = selectSessions(db, options.session)
    const loss = describeLoss(db, sessionIds)
    const result = query.run(db, { sessionIds, limit })
    const lines = isTable
      ? [loss, renderTable(result, terminalWidth()), describeCover(db, sessionIds)].flat()
      : renderJson(result)
    if (!isTable) for (const line of loss) process.stderr.write(`${line}\n`)
    process.stdout.write(`${lines.map((line) => (isTable ? safeLine(line) : line)).join('\n')}\n`)
  } catch (error) {
    throw readFault(file, error)
  } finally {
    db.close()
  }
}

function parseLimit(text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text)
  throw new UsageError('--limit', text, 'a number of rows, 1 or more')
}

/** Some terminals say that they are 0 columns wide. */
function terminalWidth(): number {
  return process.stdout.columns || Infinity
}
