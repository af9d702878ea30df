import type { Database } from 'better-sqlite3'
import { damagedTrace } from '../../store/check-trace.js'
import { createQuery, prepareOnce, queries } from '../scan/query-builder.js'
import type { Trace } from '../scan/trace.js'
import { addBits, blockAt, forEachBit, readIds, type Blocks, type IdTarget } from '../../sums/id-list.js'

/** Limit of a blob: the recorder closes windows long before. */
const MAX_BLOB_BYTES = 1 << 26

export type StoredDimension = 'endpoint' | 'process' | 'second'

type SumsSource = Pick<Trace, 'db' | 'path' | 'remote'>

/** Windows whose sums are in one blob: a roll-up, or a single window. */
export interface WindowRange {
  readonly first: number
  readonly last: number
}

/** The sums of windows, in the form that `forEachSums` reads. */
export interface RangeSums extends WindowRange {
  readonly blob: Buffer
}

/**
 * Reads the sums of windows, each once: from roll-ups if all their windows are requested.
 * @param windowIds ascending
 * @throws E_DAMAGED_TRACE if sums are missing or too long: all numbers would be too low without them
 */
export function* readSums(
  trace: SumsSource,
  windowIds: readonly number[],
  dimension: StoredDimension,
): Generator<RangeSums> {
  yield* readRanges(trace, planRanges(trace.db, windowIds, dimension), dimension)
}

/**
 * The fewest ranges that hold some windows, each window once.
 * @param windowIds ascending
 * @param longest windows of a range at most: longer roll-ups are not used
 */
export function planRanges(
  db: Database,
  windowIds: readonly number[],
  dimension: StoredDimension,
  longest = Infinity,
): WindowRange[] {
  // A trace of version 1 has no windows with sums, and no table of roll-ups.
  if (windowIds.length === 0) return []
  const rollups = readRollups(db, windowIds, dimension)
  return chooseRanges(
    windowIds,
    rollups.filter(({ first, last }) => last - first < longest),
  )
}

const IS_BOUNDED = `dimension = @dimension AND length(sums) <= ${MAX_BLOB_BYTES}`
const OF_WINDOW = `SELECT sums FROM window_sums WHERE window_id = @first AND ${IS_BOUNDED}`
const OF_ROLLUP = `SELECT sums FROM window_rollup
  WHERE first_window_id = @first AND last_window_id = @last AND ${IS_BOUNDED}`

/** Reads the sums of ranges that `planRanges` gave. @throws as `readSums` */
export function* readRanges(
  { db, path, remote }: SumsSource,
  ranges: readonly WindowRange[],
  dimension: StoredDimension,
): Generator<RangeSums> {
  for (const range of ranges) {
    if (remote && !remote.hasSums(dimension, range)) continue
    const select = prepareOnce(db, range.first === range.last ? OF_WINDOW : OF_ROLLUP, 'values')
    const blob = select.get({ ...range, dimension }) as Buffer | undefined
    if (blob === undefined) {
      const windows = `windows ${range.first} to ${range.last}`
      throw damagedTrace(path, new Error(`the sums by ${dimension} of ${windows} are missing, or too long`))
    }
    yield { ...range, blob }
  }
}

function readRollups(db: Database, windowIds: readonly number[], dimension: StoredDimension): WindowRange[] {
  return selectRollups(db, dimension, windowIds[0] ?? 0, windowIds.at(-1) ?? 0)
}

/** The key begins with the first window: without an upper limit of it, those of all later sessions would be read. */
const selectRollups = createQuery((dimension: string, first: number, last: number) =>
  queries
    .selectFrom('window_rollup')
    .select(['first_window_id as first', 'last_window_id as last'])
    .where('dimension', '=', dimension)
    .where('first_window_id', '>=', first)
    .where('first_window_id', '<=', last)
    .where('last_window_id', '<=', last),
)

/** The fewest ranges: from each window on, the longest roll-up whose windows are all requested. */
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

/** Sets of ids by group, merged from stored sets. */
export interface IdSets {
  /** Adds a stored set, encoded by `encodeIds`. */
  add(group: number, encoded: Uint8Array): void
  /** Calls `take` with every group and id. An id that is stored several times may be passed several times. */
  forEach(take: (group: number, id: number) => void): void
}

/**
 * Merges dense ids as bits, eight at a time; passes other ids to `takeSparse` at once.
 * @param maxId skips larger ids, which only damaged files contain: there may be half a billion
 */
export function createIdSets(maxId: number, takeSparse: (group: number, id: number) => void): IdSets {
  const blocksOfGroup: Blocks[] = []
  let group = 0
  const target: IdTarget = {
    id(id) {
      if (id <= maxId) takeSparse(group, id)
    },
    dense(firstId, bits) {
      if (firstId <= maxId) addBits(blockAt((blocksOfGroup[group] ??= new Map()), firstId), bits)
    },
  }
  return {
    add(to, encoded) {
      group = to
      readIds(encoded, target)
    },
    forEach(take) {
      blocksOfGroup.forEach((blocks, of) => {
        for (const [firstId, bits] of blocks) {
          forEachBit(bits, (bit) => {
            if (firstId + bit <= maxId) take(of, firstId + bit)
          })
        }
      })
    },
  }
}
