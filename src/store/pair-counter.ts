/** Bits of a bucket's number: there are 3,072 (BUCKET_COUNT). */
const BUCKET_BITS = 12

/** How many attempts of an endpoint's entry fell into a bucket. */
export interface PairCounter {
  /** Number of distinct pairs. */
  readonly size: number
  add(entry: number, bucket: number): void
  /** `[bucket, count, …]` per entry, buckets ascending; the counter is empty afterwards. */
  take(): Map<number, number[]>
}

/** Counts (entry, bucket) pairs in one open-addressing table. */
export function createPairCounter(): PairCounter {
  let keys = new Uint32Array(4096)
  let counts = new Uint32Array(4096)
  let size = 0
  // Keys are stored plus one: 0 is a free slot.
  const slotOf = (key: number) => {
    const mask = keys.length - 1
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & mask
    while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask
    return slot
  }
  const grow = () => {
    const [oldKeys, oldCounts] = [keys, counts]
    keys = new Uint32Array(oldKeys.length * 2)
    counts = new Uint32Array(oldKeys.length * 2)
    oldKeys.forEach((key, i) => {
      if (key === 0) return
      const slot = slotOf(key)
      keys[slot] = key
      counts[slot] = oldCounts[i] as number
    })
  }
  return {
    get size() {
      return size
    },
    add(entry: number, bucket: number) {
      const key = ((entry << BUCKET_BITS) | bucket) + 1
      const slot = slotOf(key)
      if (keys[slot] === 0) {
        keys[slot] = key
        size++
      }
      counts[slot]!++
      if (size * 2 > keys.length) grow()
    },
    take(): Map<number, number[]> {
      const used = keys.filter((key) => key !== 0).toSorted()
      const byEntry = new Map<number, number[]>()
      for (const key of used) {
        const entry = (key - 1) >>> BUCKET_BITS
        const list = byEntry.get(entry) ?? []
        if (list.length === 0) byEntry.set(entry, list)
        list.push((key - 1) & ((1 << BUCKET_BITS) - 1), counts[slotOf(key)] as number)
      }
      keys.fill(0)
      counts.fill(0)
      size = 0
      return byEntry
    },
  }
}
