import type { Database } from 'better-sqlite3'
import { damagedTrace } from '../../store/check-trace.js'
import { queries, selectAll } from '../trace/query-builder.js'
import type { Trace } from '../trace/trace.js'

/** What is longer is no work of the recorder's, which closes windows long before. */
const MAX_BLOB_BYTES = 1 << 26

export type StoredDimension = 'endpoint' | 'process' | 'second'

/** Windows whose sums are in one blob; a single window is a range too. */
interface WindowRange {
  readonly first: number
  readonly last: number
}

/**
 * Reads the sums of some windows, each of them once: from roll-ups as far as these hold nothing but windows that are wanted.
 * @param windowIds ascending
 * @throws E_DAMAGED_TRACE where some are missing, or too long: without them every number would be too low
 */
export function* readSums(
  { db, path }: Pick<Trace, 'db' | 'path'>,
  windowIds: readonly number[],
  dimension: StoredDimension,
): Generator<Buffer> {
  const ofWindow = `SELECT sums FROM window_sums WHERE window_id = @first AND dimension = @dimension`
  const ofRollup = `SELECT sums FROM window_rollup
    WHERE first_window_id = @first AND last_window_id = @last AND dimension = @dimension`
  for (const range of chooseRanges(windowIds, readRollups(db, windowIds, dimension))) {
    const select = db.prepare(`SELECT sums FROM (${range.first === range.last ? ofWindow : ofRollup})
      WHERE length(sums) <= ${MAX_BLOB_BYTES}`)
    const blob = select.pluck().get({ ...range, dimension }) as Buffer | undefined
    if (blob === undefined) {
      const windows = `windows ${range.first} to ${range.last}`
      throw damagedTrace(path, new Error(`the sums by ${dimension} of ${windows} are missing, or too long`))
    }
    yield blob
  }
}

function readRollups(db: Database, windowIds: readonly number[], dimension: StoredDimension): WindowRange[] {
  const query = queries
    .selectFrom('window_rollup')
    .select(['first_window_id as first', 'last_window_id as last'])
    .where('dimension', '=', dimension)
    .where('first_window_id', '>=', windowIds[0] ?? 0)
    .where('last_window_id', '<=', windowIds.at(-1) ?? 0)
  return selectAll(db, query)
}

/** The fewest ranges: from each window on the longest roll-up all of whose windows are wanted. */
function chooseRanges(windowIds: readonly number[], rollups: readonly WindowRange[]): WindowRange[] {
  const position = new Map(windowIds.map((id, i) => [id, i]))
  const isWanted = ({ first, last }: WindowRange) =>
    first < last && position.get(last) === (position.get(first) ?? NaN) + last - first
  const lastFrom = new Map<number, number>()
  for (const rollup of rollups.filter(isWanted)) {
    lastFrom.set(rollup.first, Math.max(rollup.last, lastFrom.get(rollup.first) ?? 0))
  }
  const ranges: WindowRange[] = []
  for (let i = 0; i < windowIds.length;) {
    const first = windowIds[i] as number
    const last = lastFrom.get(first) ?? first
    ranges.push({ first, last })
    i += last - first + 1
  }
  return ranges
}
