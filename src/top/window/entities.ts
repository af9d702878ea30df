/** Entry that stands for everything that does not fit. */
export const OTHER = 0
/** Limit of entries: an id is 16 bits. */
export const MAX_ENTITIES = 65_535

/** Small ids of processes, endpoints or names: the same object or text has the same id until it is dropped. */
export interface Entities<T> {
  /** @returns `OTHER` if all ids are taken */
  idOf(value: T): number
  /** @returns `null` for `OTHER` */
  valueOf(id: number): T | null
  /** One more than the highest id so far. */
  readonly length: number
  readonly isFull: boolean
  /** Frees the ids for which `isUsed` is 0. */
  drop(isUsed: Uint8Array): void
}

export function createEntities<T>(limit = MAX_ENTITIES): Entities<T> {
  const ids = new Map<T, number>()
  const values: (T | null)[] = [null]
  const free: number[] = []
  const isFull = () => ids.size >= limit
  return {
    idOf(value) {
      const known = ids.get(value)
      if (known !== undefined) return known
      if (isFull()) return OTHER
      const id = free.pop() ?? values.length
      values[id] = value
      ids.set(value, id)
      return id
    },
    valueOf: (id) => values[id] ?? null,
    get length() {
      return values.length
    },
    get isFull() {
      return isFull()
    },
    drop(isUsed) {
      for (const [value, id] of ids) {
        if (isUsed[id]) continue
        ids.delete(value)
        values[id] = null
        free.push(id)
      }
    },
  }
}
