import { BLOCK_IDS, forEachBit, readIds, type IdTarget } from '../../store/id-list.js'

/** Sets of ids by group, made of many stored ones. */
export interface IdSets {
  /** Adds a stored set, as `encodeIds` gives it. */
  add(group: number, encoded: Uint8Array): void
  /** Calls `take` with every group and id; an id that is stored more than once may come more than once. */
  forEach(take: (group: number, id: number) => void): void
}

/** What lies dense is added up as bits, eight ids at a time; the few other ids go to `takeSparse` at once. */
export function createIdSets(takeSparse: (group: number, id: number) => void): IdSets {
  /** Bits of a block by its first id. */
  const blocksOfGroup: Map<number, Uint8Array>[] = []
  let group = 0
  const blockAt = (firstId: number) => {
    const blocks = (blocksOfGroup[group] ??= new Map())
    let block = blocks.get(firstId)
    if (block === undefined) blocks.set(firstId, (block = new Uint8Array(BLOCK_IDS / 8)))
    return block
  }
  const target: IdTarget = {
    id: (id) => takeSparse(group, id),
    dense(firstId, bits) {
      const block = blockAt(firstId)
      for (let i = 0; i < bits.length; i++) block[i]! |= bits[i] as number
    },
  }
  return {
    add(to, encoded) {
      group = to
      readIds(encoded, target)
    },
    forEach(take) {
      blocksOfGroup.forEach((blocks, of) => {
        for (const [firstId, bits] of blocks) forEachBit(bits, (bit) => take(of, firstId + bit))
      })
    },
  }
}
