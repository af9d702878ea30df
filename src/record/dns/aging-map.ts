/** Insertions before the oldest entry is searched again. */
const LOOKS_ANEW_AFTER = 4096

/** A map that removes its oldest entries. */
export interface AgingMap<Key, Value> {
  readonly size: number
  get(key: Key): Value | undefined
  /** Makes the entry the youngest. */
  put(key: Key, value: Value): void
  delete(key: Key): void
  /** Removes the oldest entry. @returns its value; `undefined` for an empty map */
  takeOldest(): Value | undefined
  /** Oldest first. */
  entries(): Iterable<[Key, Value]>
}

/**
 * A new Map iterator skips the slots of all removed entries before it reaches the first entry. A permanent iterator
 * keeps every outgrown hash table alive. So one iterator is reused for a limited number of insertions.
 */
export function createAgingMap<Key, Value>(): AgingMap<Key, Value> {
  const map = new Map<Key, Value>()
  let oldestFirst = map.entries()
  let putCount = 0
  const next = () => {
    const { value } = oldestFirst.next()
    if (value !== undefined) return value
    // An iterator that has reached the end stays there.
    oldestFirst = map.entries()
    return oldestFirst.next().value
  }
  return {
    get size() {
      return map.size
    },
    get: (key) => map.get(key),
    put(key, value) {
      map.delete(key)
      map.set(key, value)
      if (++putCount % LOOKS_ANEW_AFTER === 0) oldestFirst = map.entries()
    },
    delete: (key) => void map.delete(key),
    takeOldest() {
      const oldest = next()
      if (oldest === undefined) return undefined
      map.delete(oldest[0])
      return oldest[1]
    },
    entries: () => map.entries(),
  }
}
