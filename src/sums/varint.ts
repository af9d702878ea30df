/** Reads bytes sequentially. */
export interface VarintReader {
  hasMore(): boolean
  /** The next LEB128 integer; the read part of a truncated one; 0 for one above 2^53, and after the end. */
  next(): number
  /** The next bytes, fewer at the end. */
  bytes(length: number): Uint8Array
}

export function createVarintReader(encoded: Uint8Array): VarintReader {
  const position: Position = { at: 0 }
  return {
    hasMore: () => position.at < encoded.length,
    next: () => readNext(encoded, position),
    bytes: (length) => encoded.subarray(position.at, (position.at += length)),
  }
}

/**
 * Calls `take` with pairs of LEB128 integers, read as by `VarintReader.next`. Skips a last integer without a partner.
 */
export function readVarintPairs(encoded: Uint8Array, take: (first: number, second: number) => void): void {
  const position: Position = { at: 0 }
  while (position.at < encoded.length) {
    const first = readNext(encoded, position)
    if (position.at >= encoded.length) return
    take(first, readNext(encoded, position))
  }
}

/** Offset of the next byte. An object, because returning the value and the offset would allocate one for each integer. */
interface Position {
  at: number
}

function readNext(encoded: Uint8Array, position: Position): number {
  const first = encoded[position.at++] as number
  // Most integers are this short.
  return first < 128 ? first : readLong(encoded, position, first & 127)
}

function readLong(encoded: Uint8Array, position: Position, lowest: number): number {
  let value = lowest
  for (let scale = 128; position.at < encoded.length; scale *= 128) {
    const byte = encoded[position.at++] as number
    value += (byte & 127) * scale
    if (byte < 128) break
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : 0
}
