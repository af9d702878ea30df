/** Appends an unsigned integer as LEB128: seven bits a byte, lowest first. */
export function pushVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

/** Writes into memory that grows: an array of its own for each of a million integers would cost ten times as much. */
export interface VarintWriter {
  varint(value: number): void
  /** Their length, then the bytes themselves. */
  withLength(bytes: Uint8Array): void
  /** All that was written; the writer is of no use afterwards. */
  finish(): Uint8Array
}

/** As many bytes as an integer below 2^53 takes. */
const MAX_VARINT_BYTES = 8

export function createVarintWriter(): VarintWriter {
  let written = new Uint8Array(1024)
  let at = 0
  const reserve = (length: number) => {
    if (at + length <= written.length) return
    const larger = new Uint8Array(Math.max(written.length * 2, at + length))
    larger.set(written)
    written = larger
  }
  const varint = (value: number) => {
    reserve(MAX_VARINT_BYTES)
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) written[at++] = (rest % 128) | 128
    written[at++] = rest
  }
  return {
    varint,
    withLength(bytes) {
      varint(bytes.length)
      reserve(bytes.length)
      written.set(bytes, at)
      at += bytes.length
    },
    finish: () => written.subarray(0, at),
  }
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
 * Calls `take` with two LEB128 integers that follow each other at a time, as `VarintReader.next` gives them. A last one
 * without another is left out.
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

/** Where the integer ends that was decoded last: a result besides its value would be an object each. */
let end = 0

/** Of nothing, behind the end, 0. */
function decodeAt(encoded: Uint8Array, position: number): number {
  const first = encoded[position] as number
  end = position + 1
  // Most are this short.
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
