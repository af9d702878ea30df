import { pushVarint, readVarints } from './varint.js'

/** A set of row ids as stored: LEB128 distances, ascending. */
export function encodeIds(ids: readonly number[]): Uint8Array {
  const bytes: number[] = []
  let previous = 0
  for (const id of ids.toSorted((a, b) => a - b)) {
    pushVarint(bytes, id - previous)
    previous = id
  }
  return Uint8Array.from(bytes)
}

/** Calls `take` with each stored id, ascending. What a damaged file holds may be any number. */
export function forEachId(encoded: Uint8Array, take: (id: number) => void): void {
  let id = 0
  readVarints(encoded, (distance) => take((id += distance)))
}
