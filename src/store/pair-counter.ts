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

/** Sorted keys and how often each was added. */
interface Counts {
  keys: Uint32Array
  counts: Uint32Array
  length: number
}

const NOTHING: Counts = { keys: new Uint32Array(0), counts: new Uint32Array(0), length: 0 }

/**
 * Counts (entry, bucket) pairs. Additions are noted one after the other, and sorted and counted many at a time: a hash
 * table of a busy window is larger than the cache, and takes three times as long.
 * @param logLength additions that are kept as they come, at 8 bytes each: sorting them stays inside the cache with few,
 *   and what is held is gone over less often with many
 */
export function createPairCounter(logLength: number): PairCounter {
  let log: Uint32Array | null = null
  let scratch: Uint32Array | null = null
  let logged = 0
  let held = NOTHING

  const settle = () => {
    if (log === null || logged === 0) return
    scratch ??= new Uint32Array(logLength)
    const sorted = radixSort(log, scratch, logged)
    held = merge(held, sorted, logged)
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
      held = NOTHING
      return byEntry
    },
  }
}

/** Adds sorted keys, which may be there several times, to counts. */
function merge(held: Counts, sorted: Uint32Array, length: number): Counts {
  const keys = new Uint32Array(held.length + length)
  const counts = new Uint32Array(held.length + length)
  let [old, next, merged] = [0, 0, 0]
  while (old < held.length || next < length) {
    const oldKey = old < held.length ? (held.keys[old] as number) : Infinity
    const nextKey = next < length ? (sorted[next] as number) : Infinity
    const key = Math.min(oldKey, nextKey)
    let count = oldKey === key ? (held.counts[old++] as number) : 0
    while (next < length && sorted[next] === key) {
      next++
      count++
    }
    keys[merged] = key
    counts[merged++] = count
  }
  // The rest of the memory goes back at the next merge.
  return { keys, counts, length: merged }
}
