import { createByteBuffer, putBytes, putVarint, writtenBytes, type ByteBuffer } from './byte-buffer.js'
import { createVarintReader } from './varint.js'

/** Ids per block. A block is stored as single ids, or as one bit per id. */
const BLOCK_IDS = 1024
/** Number of ids from which a block is stored as bits: smaller than one byte per id, and merged eight ids at a time. */
const DENSE = BLOCK_IDS / 8

/** Receives the ids of `readIds` in ascending order. A damaged file can contain any numbers. */
export interface IdTarget {
  id(id: number): void
  /**
   * Ids of a dense block: bit i of `bits` is `firstId` + i, lowest bit of the first byte first; at most `BLOCK_IDS`
   * bits.
   */
  dense(firstId: number, bits: Uint8Array): void
}

/**
 * A set of row ids in stored form. For each block of 1,024 ids with any id, ascending, as LEB128: the distance to the
 * previous block number; then either twice the number of its ids and the distance of each to the previous one, or twice
 * the number of bytes plus one and those bytes with one bit per id.
 */
export function encodeIds(ids: Iterable<number>): Uint8Array {
  const blocks: Blocks = new Map()
  for (const id of ids) addId(blocks, id)
  return encodeBlocks(blocks)
}

/** The stored form of the union of `sets`. */
export function mergeIds(sets: readonly Uint8Array[]): Uint8Array {
  const blocks: Blocks = new Map()
  const target: IdTarget = {
    id: (id) => addId(blocks, id),
    dense: (firstId, bits) => addBits(blockAt(blocks, firstId), bits),
  }
  for (const set of sets) readIds(set, target)
  return encodeBlocks(blocks)
}

/** Reads a set up to its end. Skips blocks with fewer bits than `encodeIds` writes, which are damage. */
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

/** Calls `take` with each set bit, ascending. */
export function forEachBit(bits: Uint8Array, take: (bit: number) => void): void {
  for (let i = 0; i < bits.length; i++) {
    for (let rest = bits[i] as number; rest !== 0; rest &= rest - 1) take(i * 8 + 31 - Math.clz32(rest & -rest))
  }
}

/** Adds bits to a block. */
export function addBits(block: Uint8Array, bits: Uint8Array): void {
  for (let i = 0; i < bits.length; i++) block[i]! |= bits[i] as number
}

/** Blocks by their first id. */
export type Blocks = Map<number, Uint8Array>

/** The bits of a block; creates a missing one. */
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
  const buffer = createByteBuffer(64)
  let previous = 0
  for (const [firstId, bits] of [...blocks].toSorted(([a], [b]) => a - b)) {
    putVarint(buffer, (firstId - previous) / BLOCK_IDS)
    previous = firstId
    const offsets: number[] = []
    forEachBit(bits, (bit) => offsets.push(bit))
    if (offsets.length >= DENSE) putBits(buffer, bits, ((offsets.at(-1) as number) >> 3) + 1)
    else putDistances(buffer, offsets)
  }
  return writtenBytes(buffer)
}

function putBits(buffer: ByteBuffer, bits: Uint8Array, length: number): void {
  putVarint(buffer, length * 2 + 1)
  putBytes(buffer, bits.subarray(0, length))
}

function putDistances(buffer: ByteBuffer, offsets: readonly number[]): void {
  putVarint(buffer, offsets.length * 2)
  let previous = 0
  for (const offset of offsets) {
    putVarint(buffer, offset - previous)
    previous = offset
  }
}
