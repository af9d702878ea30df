import { createVarintReader, pushVarint } from './varint.js'

/** Ids of a block are stored one by one, or as a bit each. */
const BLOCK_IDS = 1024
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
export function encodeIds(ids: Iterable<number>): Uint8Array {
  const blocks: Blocks = new Map()
  for (const id of ids) addId(blocks, id)
  return encodeBlocks(blocks)
}

/** The stored set of all ids that are in any of `sets`. */
export function mergeIds(sets: readonly Uint8Array[]): Uint8Array {
  const blocks: Blocks = new Map()
  const target: IdTarget = {
    id: (id) => addId(blocks, id),
    dense: (firstId, bits) => addBits(blockAt(blocks, firstId), bits),
  }
  for (const set of sets) readIds(set, target)
  return encodeBlocks(blocks)
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

/** Adds to the bits of a block. */
export function addBits(block: Uint8Array, bits: Uint8Array): void {
  for (let i = 0; i < bits.length; i++) block[i]! |= bits[i] as number
}

/** Bits of a block by its first id. */
export type Blocks = Map<number, Uint8Array>

/** The bits of a block, which is made when there is none yet. */
export function blockAt(blocks: Blocks, firstId: number): Uint8Array {
  let block = blocks.get(firstId)
  if (block === undefined) blocks.set(firstId, (block = new Uint8Array(BLOCK_IDS / 8)))
  return block
}

function addId(blocks: Blocks, id: number): void {
  const offset = id % BLOCK_IDS
  blockAt(blocks, id - offset)[offset >> 3]! |= 1 << (offset & 7)
}

function encodeBlocks(blocks: Blocks): Uint8Array {
  const bytes: number[] = []
  let previous = 0
  for (const [firstId, bits] of [...blocks].toSorted(([a], [b]) => a - b)) {
    pushVarint(bytes, (firstId - previous) / BLOCK_IDS)
    previous = firstId
    const offsets: number[] = []
    forEachBit(bits, (bit) => offsets.push(bit))
    if (offsets.length >= DENSE) pushBits(bytes, bits, ((offsets.at(-1) as number) >> 3) + 1)
    else pushDistances(bytes, offsets)
  }
  return Uint8Array.from(bytes)
}

function pushBits(bytes: number[], bits: Uint8Array, length: number): void {
  pushVarint(bytes, length * 2 + 1)
  for (let i = 0; i < length; i++) bytes.push(bits[i] as number)
}

function pushDistances(bytes: number[], offsets: readonly number[]): void {
  pushVarint(bytes, offsets.length * 2)
  let previous = 0
  for (const offset of offsets) {
    pushVarint(bytes, offset - previous)
    previous = offset
  }
}
