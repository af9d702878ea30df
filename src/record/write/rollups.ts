import type { Database } from 'better-sqlite3'
import { mergeSums } from '../../store/merge-sums.js'
import type { Transaction } from './transaction.js'

/** Windows, or roll-ups of the level below, that are added up to one. */
const FAN_IN = 16
/** Adding up more would hold the recorder up for longer than a tick. Windows that are as large stay as they are. */
const MAX_BYTES = 1 << 24
const DIMENSIONS = ['endpoint', 'process', 'second']

/** Windows that follow each other in the file. */
interface WindowRange {
  readonly first: number
  readonly last: number
}

/** Adds up windows in the file, so that long recordings are read from a few rows. */
export interface Rollups {
  /** Takes up a window that is in the file, in the order of ids. */
  add(windowId: number): void
  /** Does a part of what there is to do: one dimension of one roll-up. After an error it may be called again. */
  step(inTransaction: Transaction): void
}

export function createRollups(db: Database): Rollups {
  const select = createSumsReader(db)
  const insert = db.prepare('INSERT INTO window_rollup VALUES (?, ?, ?, ?)')
  /** What waits to be added up, by level. */
  const waiting: WindowRange[][] = []
  const jobs: { readonly level: number; readonly parts: readonly WindowRange[]; done: number }[] = []

  const add = (level: number, range: WindowRange) => {
    const ranges = (waiting[level] ??= [])
    // A gap would be somebody else's window.
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
      const blobs = job.parts.map((part) => select(part, dimension))
      const isSmall = blobs.reduce((sum, blob) => sum + blob.length, 0) <= MAX_BYTES
      if (isSmall) inTransaction(() => insert.run(whole.first, whole.last, dimension, mergeSums(blobs)))
      if (isSmall && ++job.done < DIMENSIONS.length) return
      jobs.shift()
      if (isSmall) add(job.level + 1, whole)
    },
  }
}

function createSumsReader(db: Database): (range: WindowRange, dimension: string) => Buffer {
  const ofWindow = db.prepare('SELECT sums FROM window_sums WHERE window_id = ? AND dimension = ?').pluck()
  const ofRollup = db
    .prepare('SELECT sums FROM window_rollup WHERE first_window_id = ? AND last_window_id = ? AND dimension = ?')
    .pluck()
  return ({ first, last }, dimension) =>
    (first === last ? ofWindow.get(first, dimension) : ofRollup.get(first, last, dimension)) as Buffer
}
