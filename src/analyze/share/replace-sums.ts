import { encodeIds, forEachBit, readIds } from '../../sums/id-list.js'
import { addUp } from '../../sums/merge-sums.js'
import { createSumsEncoder, forEachSums, type StoredSums } from '../../sums/sums-blob.js'
import type { RowIds } from './row-ids.js'

/** Replaces the ids in stored sums. */
export type ReplaceSums = (dimension: string, blob: Uint8Array) => Uint8Array

/** @param shiftSeconds added to the Unix seconds of the dimension `second` */
export function createSumsReplacement(ids: RowIds, shiftSeconds: number): ReplaceSums {
  const idOf = (table: 'endpoint' | 'process') => (id: number) => Number(ids.of(table, BigInt(id)))
  const stays = (table: 'endpoint' | 'process') => ids.offset(table) === 0n && ids.changed[table].size === 0
  const replacements: Record<string, { readonly isSame: boolean; readonly of: (id: number) => number }> = {
    endpoint: { isSame: stays('endpoint'), of: idOf('endpoint') },
    process: { isSame: stays('process') && stays('endpoint'), of: idOf('process') },
    second: { isSame: shiftSeconds === 0, of: (second) => second + shiftSeconds },
  }
  const endpointOf = stays('endpoint') ? null : idOf('endpoint')
  return (dimension, blob) => {
    const replacement = replacements[dimension]
    if (replacement === undefined) throw new Error(`sums by ${dimension} are not known`)
    return replacement.isSame ? blob : replaceIds(blob, replacement.of, endpointOf)
  }
}

function replaceIds(
  blob: Uint8Array,
  idOf: (id: number) => number,
  endpointOf: ((id: number) => number) | null,
): Uint8Array {
  const byId = new Map<number, StoredSums[]>()
  forEachSums(blob, (sums) => {
    const id = idOf(sums.id)
    const copy = {
      ...sums,
      id,
      counts: Float64Array.from(sums.counts),
      endpointIds: replaceMembers(sums.endpointIds, endpointOf),
    }
    const same = byId.get(id)
    if (same) same.push(copy)
    else byId.set(id, [copy])
  })
  const encoder = createSumsEncoder()
  for (const id of [...byId.keys()].toSorted((a, b) => a - b)) encoder.add(addUp(byId.get(id) as StoredSums[]))
  return encoder.finish()
}

function replaceMembers(encoded: Uint8Array | null, endpointOf: ((id: number) => number) | null): Uint8Array | null {
  if (encoded === null || endpointOf === null) return encoded
  const replaced: number[] = []
  readIds(encoded, {
    id: (id) => replaced.push(endpointOf(id)),
    dense: (firstId, bits) => forEachBit(bits, (bit) => replaced.push(endpointOf(firstId + bit))),
  })
  return encodeIds(replaced)
}
