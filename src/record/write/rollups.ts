import type { Database } from 'better-sqlite3'
import { mergeSums } from '../../sums/merge-sums.js'
import type { Transaction } from './transaction.js'

/** Windows, or roll-ups of the level below, per roll-up. */
const FAN_IN = 16
/**
 * Limit of a roll-up, which delays the recorder by about one tick: 50 ms if each sum covers many attempts, 150 ms if
 * each covers one. Sixteen full windows of a few thousand endpoints are smaller. Windows whose endpoints never repeat
 * are larger and are not rolled up: that would not reduce the number of sums.
 */
const MAX_BYTES = 5 << 20
const DIMENSIONS = ['endpoint', 'process', 'second']

/** Consecutive windows in the file. */
interface WindowRange {
  readonly first: number
  readonly last: number
}

/** Rolls up windows in the file, so that long recordings are read from a few rows. */
export interface Rollups {
  /** Adds a written window, in the order of ids. */
  add(windowId: number): void
  /** Does one step: one dimension of one roll-up. After an error it can be called again. */
  step(inTransaction: Transaction): void
}

export function createRollups(db: Database): Rollups {
  const { lengthOf, read } = createSumsReader(db)
  const insert = db.prepare('INSERT INTO window_rollup VALUES (?, ?, ?, ?)')
  /** Ranges that wait for their roll-up, by level. */
  const waiting: WindowRange[][] = []
  const jobs: { readonly level: number; readonly parts: readonly WindowRange[]; done: number }[] = []

  const add = (level: number, range: WindowRange) => {
    const ranges = (waiting[level] ??= [])
    // A gap contains a window of another session.
    if (ranges.length > 0 && ranges.at(-1)!.last + 1 !== range.first) ranges.length = 0
    if (ranges.push(range) === FAN_IN) jobs.push({ level, parts: ranges.splice(0), done: 0 })
  }
  return {
    add: (windowId) => add(0, { first: windowId, last: windowId }),
    step(inTransaction) {
      const job = jobs[0]
      if (job === undefined) return
      const whole = { first: job.parts[0]!.first, last: job.parts.at(-1)!.last }
      const dimension = DIMENSIONS[job.done] as string
      const isSmall = job.parts.reduce((sum, part) => sum + lengthOf(part, dimension), 0) <= MAX_BYTES
      if (isSmall) {
        const sums = mergeSums(job.parts.map((part) => read(part, dimension)))
        inTransaction(() => insert.run(whole.first, whole.last, dimension, sums))
      }
      if (isSmall && ++job.done < DIMENSIONS.length) return
      jobs.shift()
      if (isSmall) add(job.level + 1, whole)
    },
  }
}

/** Reads the length of sums, which SQLite knows without reading them, and the sums themselves. */
function createSumsReader(db: Database) {
  const select = <Value>(column: string) => {
    const ofWindow = db.prepare(`SELECT ${column} FROM window_sums WHERE window_id = ? AND dimension = ?`)
    const ofRollup = db.prepare(
      `SELECT ${column} FROM window_rollup WHERE first_window_id = ? AND last_window_id = ? AND dimension = ?`,
    )
    return ({ first, last }: WindowRange, dimension: string) =>
      (first === last ? ofWindow.pluck().get(first, dimension) : ofRollup.pluck().get(first, last, dimension)) as Value
  }
  return { lengthOf: select<number>('length(sums)'), read: select<Buffer>('sums') }
}
