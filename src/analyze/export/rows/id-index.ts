/** Finds the number of an id of a table; -1 for a missing id. */
export interface IdIndex {
  set(id: number, number: number): void
  get(id: number): number
}

/** Ids of a recorder are dense; those of an untrusted file can be any numbers. */
export function createIdIndex(count: number, maxId: number): IdIndex {
  return maxId >= 0 && maxId <= 4 * count + 65_536 ? createDenseIndex(maxId) : createSparseIndex()
}

function createDenseIndex(maxId: number): IdIndex {
  // The number plus one, so that missing ids are 0 inside and outside of the array.
  const numbers = new Int32Array(maxId + 1)
  return {
    set: (id, number) => void (numbers[id] = number + 1),
    get: (id) => ((numbers[id] as number) | 0) - 1,
  }
}

function createSparseIndex(): IdIndex {
  const numbers = new Map<number, number>()
  return {
    set: (id, number) => void numbers.set(id, number),
    get: (id) => numbers.get(id) ?? -1,
  }
}
