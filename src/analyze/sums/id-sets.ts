import { addBits, blockAt, forEachBit, readIds, type Blocks, type IdTarget } from '../../store/id-list.js'

/** Sets of ids by group, made of many stored ones. */
export interface IdSets {
  /** Adds a stored set, as `encodeIds` gives it. */
  add(group: number, encoded: Uint8Array): void
  /** Calls `take` with every group and id; an id that is stored more than once may come more than once. */
  forEach(take: (group: number, id: number) => void): void
}

/**
 * What lies dense is added up as bits, eight ids at a time; the few other ids go to `takeSparse` at once.
 * @param maxId ids above it, as only a damaged file holds them, are left out: there may be half a billion of them
 */
export function createIdSets(maxId: number, takeSparse: (group: number, id: number) => void): IdSets {
  const blocksOfGroup: Blocks[] = []
  let group = 0
  const target: IdTarget = {
    id(id) {
      if (id <= maxId) takeSparse(group, id)
    },
    dense(firstId, bits) {
      if (firstId <= maxId) addBits(blockAt((blocksOfGroup[group] ??= new Map()), firstId), bits)
    },
  }
  return {
    add(to, encoded) {
      group = to
      readIds(encoded, target)
    },
    forEach(take) {
      blocksOfGroup.forEach((blocks, of) => {
        for (const [firstId, bits] of blocks) {
          forEachBit(bits, (bit) => {
            if (firstId + bit <= maxId) take(of, firstId + bit)
          })
        }
      })
    },
  }
}
