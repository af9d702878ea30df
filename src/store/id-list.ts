import { createVarintReader, pushVarint } from './varint.js'

/** Ids of a block are stored one by one, or as a bit each. */
const BLOCK_BITS = 10
export const BLOCK_IDS = 1 << BLOCK_BITS
/** Ids of a block from which on bits are stored: fewer bytes than a byte for each id, and added up eight at a time. */
const DENSE = BLOCK_IDS / 8

/** Takes what `readIds` finds, ascending. What a damaged file holds may be any number. */
export interface IdTarget {
  id(id: number): void
  /** Many ids near each other: bit i of `bits` is `firstId` + i, lowest bit of the first byte first; at most `BLOCK_IDS` bits. */
  dense(firstId: number, bits: Uint8Array): void
}

/**
 * A set of row ids as stored. Of each block of 1,024 ids that holds any, ascending, as LEB128: the distance to the number of
 * the block before; twice the number of its ids, then the distance of each to the one before; or one more than twice the
 * number of bytes, then those bytes with a bit per id.
 */
export function encodeIds(ids: readonly number[]): Uint8Array {
  const ascending = ids.toSorted((a, b) => a - b)
  const bytes: number[] = []
  let previous = 0
  for (let from = 0, to = 0; from < ascending.length; from = to) {
    const block = blockOf(ascending[from] as number)
    while (to < ascending.length && blockOf(ascending[to] as number) === block) to++
    pushVarint(bytes, block - previous)
    previous = block
    const firstId = block * BLOCK_IDS
    const offsets = ascending.slice(from, to).map((id) => id - firstId)
    if (offsets.length >= DENSE) pushBits(bytes, offsets)
    else pushDistances(bytes, offsets)
  }
  return Uint8Array.from(bytes)
}

/** Reads a set as far as it goes. Too few bits for `encodeIds` to have made them are damage, and left out. */
export function readIds(encoded: Uint8Array, target: IdTarget): void {
  const reader = createVarintReader(encoded)
  let block = 0
  while (reader.hasMore()) {
    block += reader.next()
    const head = reader.next()
    const count = Math.floor(head / 2)
    if (head % 2 === 1) {
      const bits = reader.bytes(count)
      if (bits.length >= DENSE / 8) target.dense(block * BLOCK_IDS, bits.subarray(0, BLOCK_IDS / 8))
      continue
    }
    let id = block * BLOCK_IDS
    for (let i = 0; i < count && reader.hasMore(); i++) target.id((id += reader.next()))
  }
}

/** Calls `take` with each bit that is set, ascending. */
export function forEachBit(bits: Uint8Array, take: (bit: number) => void): void {
  for (let i = 0; i < bits.length; i++) {
    for (let rest = bits[i] as number; rest !== 0; rest &= rest - 1) take(i * 8 + 31 - Math.clz32(rest & -rest))
  }
}

function blockOf(id: number): number {
  return Math.floor(id / BLOCK_IDS)
}

function pushBits(bytes: number[], offsets: readonly number[]): void {
  const bits = new Uint8Array(((offsets.at(-1) as number) >> 3) + 1)
  for (const offset of offsets) bits[offset >> 3]! |= 1 << (offset & 7)
  pushVarint(bytes, bits.length * 2 + 1)
  for (const byte of bits) bytes.push(byte)
}

function pushDistances(bytes: number[], offsets: readonly number[]): void {
  pushVarint(bytes, offsets.length * 2)
  let previous = 0
  for (const offset of offsets) {
    pushVarint(bytes, offset - previous)
    previous = offset
  }
}
