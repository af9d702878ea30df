import { radixSort } from './radix-sort.js'

/** Bits of a bucket number: there are 3,072 (BUCKET_COUNT). */
const BUCKET_BITS = 12
const BUCKET_MASK = (1 << BUCKET_BITS) - 1
/** Limit of entry numbers in a pair counter. */
export const ENTRY_LIMIT = 2 ** (32 - BUCKET_BITS)

/** Counts the attempts per entry and bucket. */
export interface PairCounter {
  /** Number of distinct pairs, without buffered additions. */
  readonly size: number
  /** @param entry below ENTRY_LIMIT */
  add(entry: number, bucket: number): void
  /** Returns `[bucket, count, …]` per entry, both ascending, and empties the counter. */
  take(): Map<number, number[]>
}

/** Sorted keys and their counts; the arrays may be longer. */
interface Counts {
  keys: Uint32Array
  counts: Uint32Array
  length: number
}

/**
 * Scratch memory for sorting. All counters share it, because only one sorts at a time and nothing is kept in it: an array for each would
 * cost a recorder another 2 MB, and a new one for each sort costs time.
 */
let scratch = new Uint32Array(0)

/**
 * Counts (entry, bucket) pairs. Additions are buffered, then sorted and counted together: a hash table of a busy window
 * exceeds the CPU cache and takes three times as long.
 * @param logLength buffered additions, at 4 bytes each: a small buffer is sorted inside the cache, a large one is
 * merged less often
 */
export function createPairCounter(logLength: number): PairCounter {
  let log: Uint32Array | null = null
  let logged = 0
  let held = emptyCounts()

  const settle = () => {
    if (log === null || logged === 0) return
    if (scratch.length < logLength) scratch = new Uint32Array(logLength)
    const keys = radixSort(log, scratch, logged)
    const counts = keys === log ? scratch : log
    addCounts(held, { keys, counts, length: countEqual(keys, counts, logged) })
    logged = 0
  }
  return {
    get size() {
      return held.length
    },
    add(entry, bucket) {
      log ??= new Uint32Array(logLength)
      log[logged++] = (entry << BUCKET_BITS) | bucket
      if (logged === logLength) settle()
    },
    take() {
      settle()
      const byEntry = new Map<number, number[]>()
      for (let i = 0; i < held.length; i++) {
        const key = held.keys[i] as number
        const list = byEntry.get(key >>> BUCKET_BITS)
        const count = held.counts[i] as number
        if (list) list.push(key & BUCKET_MASK, count)
        else byEntry.set(key >>> BUCKET_BITS, [key & BUCKET_MASK, count])
      }
      held = emptyCounts()
      return byEntry
    },
  }
}

function emptyCounts(): Counts {
  return { keys: new Uint32Array(0), counts: new Uint32Array(0), length: 0 }
}

/** Removes duplicates of sorted keys and writes their counts. Returns the number of distinct keys. */
function countEqual(keys: Uint32Array, counts: Uint32Array, length: number): number {
  let different = 0
  for (let i = 0; i < length;) {
    const key = keys[i] as number
    const first = i
    while (i < length && keys[i] === key) i++
    keys[different] = key
    counts[different++] = i - first
  }
  return different
}

/** Merges counts into `held` in place, from the end: copies would create megabytes of garbage. */
function addCounts(held: Counts, added: Counts): void {
  const length = held.length + countNew(held, added)
  reserve(held, length)
  let [old, next] = [held.length - 1, added.length - 1]
  for (let at = length - 1; next >= 0; at--) {
    const oldKey = old >= 0 ? (held.keys[old] as number) : -1
    const nextKey = added.keys[next] as number
    let count = 0
    if (oldKey >= nextKey) count += held.counts[old--] as number
    if (nextKey >= oldKey) count += added.counts[next--] as number
    held.keys[at] = Math.max(oldKey, nextKey)
    held.counts[at] = count
  }
  held.length = length
}

/** Number of keys in `added` that are not in `held`. */
function countNew(held: Counts, added: Counts): number {
  let old = 0
  let found = 0
  for (let i = 0; i < added.length; i++) {
    const key = added.keys[i] as number
    while (old < held.length && (held.keys[old] as number) < key) old++
    if (old < held.length && held.keys[old] === key) found++
  }
  return added.length - found
}

function reserve(held: Counts, length: number): void {
  if (held.keys.length >= length) return
  const capacity = Math.ceil(length * 1.25)
  held.keys = grown(held.keys, capacity)
  held.counts = grown(held.counts, capacity)
}

function grown(array: Uint32Array, capacity: number): Uint32Array {
  const larger = new Uint32Array(capacity)
  larger.set(array)
  return larger
}
