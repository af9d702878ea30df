import { radixSort } from './radix-sort.js'

/** Bits of a bucket's number: there are 3,072 (BUCKET_COUNT). */
const BUCKET_BITS = 12
const BUCKET_MASK = (1 << BUCKET_BITS) - 1
/** One more than the highest entry that a pair counter takes. */
export const ENTRY_LIMIT = 2 ** (32 - BUCKET_BITS)

/** How many attempts of an entry fell into a bucket. */
export interface PairCounter {
  /** Number of distinct pairs, without the last additions. */
  readonly size: number
  /** @param entry below ENTRY_LIMIT */
  add(entry: number, bucket: number): void
  /** `[bucket, count, …]` per entry, both ascending; the counter is empty afterwards. */
  take(): Map<number, number[]>
}

/** Sorted keys and how often each was added; the arrays may be longer. */
interface Counts {
  keys: Uint32Array
  counts: Uint32Array
  length: number
}

/** What sorting needs beside the log: one for all counters, of which only one sorts at a time. */
let scratch = new Uint32Array(0)

/**
 * Counts (entry, bucket) pairs. Additions are noted one after the other, and sorted and counted many at a time: a hash
 * table of a busy window is larger than the cache, and takes three times as long.
 * @param logLength additions that are kept as they come, at 4 bytes each: sorting them stays inside the cache with few,
 *   and what is held is gone over less often with many
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

/** Leaves each of the sorted keys once, and writes how often it was there. Returns how many are left. */
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

/** Adds counts to `held`, in its own memory from the end on: a copy at every time would be garbage of megabytes. */
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

/** How many keys of `added` are not in `held`. */
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
