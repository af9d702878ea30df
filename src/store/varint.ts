/** Appends an unsigned integer as LEB128: seven bits a byte, lowest first. */
export function pushVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

/** Reads bytes from the beginning to the end. */
export interface VarintReader {
  hasMore(): boolean
  /** The next LEB128 integer; one that the end cuts off as far as it goes, one beyond 2^53 as 0. */
  next(): number
  /** The next bytes themselves, as many as there are. */
  bytes(length: number): Uint8Array
}

export function createVarintReader(encoded: Uint8Array): VarintReader {
  let at = 0
  return {
    hasMore: () => at < encoded.length,
    next() {
      let value = 0
      for (let scale = 1; at < encoded.length; scale *= 128) {
        const byte = encoded[at++] as number
        value += (byte & 127) * scale
        if (byte < 128) break
      }
      return value <= Number.MAX_SAFE_INTEGER ? value : 0
    },
    bytes(length) {
      const taken = encoded.subarray(at, at + length)
      at += length
      return taken
    },
  }
}

/** Calls `take` with each LEB128 integer; one that the end cuts off is taken as far as it goes, one beyond 2^53 as 0. */
export function readVarints(encoded: Uint8Array, take: (value: number) => void): void {
  let position = 0
  while (position < encoded.length) {
    let value = 0
    for (let scale = 1; position < encoded.length; scale *= 128) {
      const byte = encoded[position++] as number
      value += (byte & 127) * scale
      if (byte < 128) break
    }
    take(value <= Number.MAX_SAFE_INTEGER ? value : 0)
  }
}
