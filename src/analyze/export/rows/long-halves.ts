const TWO_TO_32 = 4_294_967_296

/** Stores an integer below 2^53 as two 32-bit halves, the lower one first, like a BigInt64Array. */
export function writeLong(halves: Int32Array, position: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32)
  halves[2 * position] = (value - high * TWO_TO_32) | 0
  halves[2 * position + 1] = high
}

/** The same memory as 64-bit integers or as halves. */
export function halvesOf(longs: BigInt64Array): Int32Array {
  return new Int32Array(longs.buffer, longs.byteOffset, longs.length * 2)
}

export function longsOf(halves: Int32Array): BigInt64Array {
  return new BigInt64Array(halves.buffer, halves.byteOffset, halves.length >> 1)
}
