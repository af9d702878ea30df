/** Memory that threads share for the rows of a scan. */
export interface SharedRows {
  /** Memory for at least this many numbers, until it is given back. Its content is undefined. */
  borrow(count: number): Float64Array
  /** Only when no thread uses it any more: the next scan does. */
  giveBack(rows: Float64Array): void
}

/**
 * Memory that one scan after the other uses. A thread keeps the memory of each scan that it has seen until it collects its garbage,
 * which a worker hardly ever has.
 */
export function createSharedRows(): SharedRows {
  let free: Float64Array | null = null
  return {
    borrow(count) {
      const rows = free !== null && free.length >= count ? free : new Float64Array(new SharedArrayBuffer(8 * count))
      // A scan inside of another one gets memory of its own.
      free = null
      return rows
    },
    giveBack(rows) {
      free = rows
    },
  }
}
