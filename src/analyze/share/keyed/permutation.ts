import { createCipheriv } from 'node:crypto'

const ROUNDS = 10
const BLOCK_BYTES = 16

/** A keyed one-to-one mapping of the numbers from 0 to a limit. */
export interface Permutation {
  forward(value: bigint): bigint
  backward(value: bigint): bigint
}

/**
 * A Feistel network over as many bits as the limit has, with AES-128 in each round. A result beyond the limit is mapped
 * again until it is below ("cycle walking": Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002).
 * @param key 16 bytes, for this permutation alone
 * @param limit at most 2^128
 */
export function createPermutation(key: Uint8Array, limit: bigint): Permutation {
  const halfBits = BigInt(Math.max(1, Math.ceil((limit - 1n).toString(2).length / 2)))
  const mask = (1n << halfBits) - 1n
  const aes = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
  const block = Buffer.alloc(BLOCK_BYTES)
  const mix = (round: number, half: bigint) => {
    block[0] = round
    block.writeBigUInt64BE(half, 8)
    return aes.update(block).readBigUInt64BE(0) & mask
  }
  const once = (value: bigint, rounds: readonly number[], isBackward: boolean) => {
    let [left, right] = [value >> halfBits, value & mask]
    if (isBackward) [left, right] = [right, left]
    for (const round of rounds) [left, right] = [right, left ^ mix(round, right)]
    return isBackward ? (right << halfBits) | left : (left << halfBits) | right
  }
  const order = Array.from({ length: ROUNDS }, (_, round) => round)
  const walk = (value: bigint, rounds: readonly number[], isBackward: boolean) => {
    let result = once(value, rounds, isBackward)
    while (result >= limit) result = once(result, rounds, isBackward)
    return result
  }
  return {
    forward: (value) => walk(value, order, false),
    backward: (value) => walk(value, order.toReversed(), true),
  }
}
