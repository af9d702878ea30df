/** Reads bytes sequentially. */
export interface VarintReader {
  hasMore(): boolean
  /** The next LEB128 integer; the read part of a truncated one; 0 for one above 2^53. */
  next(): number
  /** The next bytes, fewer at the end. */
  bytes(length: number): Uint8Array
}

export function createVarintReader(encoded: Uint8Array): VarintReader {
  let at = 0
  return {
    hasMore: () => at < encoded.length,
    next() {
      const value = decodeAt(encoded, at)
      at = end
      return value
    },
    bytes(length) {
      const taken = encoded.subarray(at, at + length)
      at += length
      return taken
    },
  }
}

/**
 * Calls `take` with pairs of LEB128 integers, read as by `VarintReader.next`. Skips a last integer without a partner.
 */
export function readVarintPairs(encoded: Uint8Array, take: (first: number, second: number) => void): void {
  for (let position = 0; position < encoded.length;) {
    const first = decodeAt(encoded, position)
    if (end >= encoded.length) return
    const second = decodeAt(encoded, end)
    // Before `take`, which may decode too.
    position = end
    take(first, second)
  }
}

/** End of the last decoded integer. A global variable, because returning two results would allocate an object. */
let end = 0

/** 0 after the end. */
function decodeAt(encoded: Uint8Array, position: number): number {
  const first = encoded[position] as number
  end = position + 1
  // Most integers are this short.
  return first < 128 ? first : decodeLong(encoded, first & 127)
}

function decodeLong(encoded: Uint8Array, lowest: number): number {
  let value = lowest
  for (let scale = 128; end < encoded.length; scale *= 128) {
    const byte = encoded[end++] as number
    value += (byte & 127) * scale
    if (byte < 128) break
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : 0
}
