/** Words of struct endpoint: an address of 16 bytes and a port */
export const ENDPOINT_WORDS = 5
const ADDRESS_BYTES = 16

/** A struct endpoint at a word offset in memory of its own, as keys of `Dictionaries.endpoint`. */
export interface EndpointKey {
  readonly words: Uint32Array
  /** The same memory */
  readonly bytes: Uint8Array
  /** Word offset */
  readonly at: number
}

/** @param words all of their buffer */
export function endpointAt(words: Uint32Array, at: number): EndpointKey {
  return {
    words,
    at,
    // Needed only for an address that is new.
    get bytes() {
      return new Uint8Array(words.buffer)
    },
  }
}

/** 16 bytes, IPv4 as IPv4-mapped. */
export function addressOf({ bytes, at }: EndpointKey): Uint8Array {
  return bytes.subarray(4 * at, 4 * at + ADDRESS_BYTES)
}

/** Host byte order. */
export function portOf({ words, at }: EndpointKey): number {
  return words[at + ENDPOINT_WORDS - 1] as number
}
