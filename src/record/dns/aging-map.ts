/** Entries that are put in before the oldest one is looked for anew. */
const LOOKS_ANEW_AFTER = 4096

/** A map that gives its oldest entries away. */
export interface AgingMap<Key, Value> {
  readonly size: number
  get(key: Key): Value | undefined
  /** The entry is the youngest from then on. */
  put(key: Key, value: Value): void
  delete(key: Key): void
  /** Takes the oldest entry out. @returns its value; `undefined` when there is none */
  takeOldest(): Value | undefined
  /** The oldest first. */
  entries(): Iterable<[Key, Value]>
}

/**
 * A new iterator of a Map has to pass all places whose entries are gone before it comes to the first entry. One for good keeps
 * every table, with all that was in it, that the map has outgrown since the iterator was last asked. So it is one for a while.
 */
export function createAgingMap<Key, Value>(): AgingMap<Key, Value> {
  const map = new Map<Key, Value>()
  let oldestFirst = map.entries()
  let putCount = 0
  const next = () => {
    const { value } = oldestFirst.next()
    if (value !== undefined) return value
    // What has once come to the end stays there.
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
