const BLOCK = 1 << 16

/** A set of ids, a bit for each. Ids of a trace are dense; those of an untrusted one can be any numbers. */
export interface IdSet {
  /** @returns whether the id is new */
  add(id: number): boolean
}

export function createIdSet(): IdSet {
  const blocks = new Map<number, Uint8Array>()
  return {
    add(id) {
      const number = Math.floor(id / BLOCK)
      let block = blocks.get(number)
      if (block === undefined) blocks.set(number, (block = new Uint8Array(BLOCK / 8)))
      const at = id - number * BLOCK
      const bit = 1 << (at & 7)
      const byte = block[at >> 3] as number
      block[at >> 3] = byte | bit
      return (byte & bit) === 0
    },
  }
}
