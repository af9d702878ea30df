import { encodeIds, forEachBit, readIds } from './id-list.js'
import { addUp } from './merge-sums.js'
import { createSumsEncoder, forEachSums, type StoredSums } from './sums-blob.js'

/**
 * Sums with other ids. Sums whose ids become equal are added up.
 * @param endpointOf for the endpoints of processes; `null`: they stay
 */
export function replaceIds(
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
