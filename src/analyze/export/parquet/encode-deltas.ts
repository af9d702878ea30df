import {
  putBytes,
  putLongVarint,
  putSignedVarint,
  putVarint,
  reserve,
  type ByteBuffer,
} from '../../../sums/byte-buffer.js'

const TWO_TO_32 = 4_294_967_296
const BLOCK = 128
const MINIBLOCKS = 4
const MINIBLOCK = BLOCK / MINIBLOCKS
/** Limit of differences: sums of two of them are exact in a double. */
const MAX_DELTA = 2 ** 51

/** Differences between consecutive values of a block. */
const deltas = new Float64Array(BLOCK)

/**
 * Encodes 64-bit integers as differences to the previous one, with the bits that the largest of 32 differences requires.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
 * @param halves two per value, the lower one first
 * @returns false if differences are too large, and writes nothing: plain values are then as good
 */
export function putDeltas(buffer: ByteBuffer, halves: Int32Array, count: number): boolean {
  if (!haveSmallDeltas(halves, count)) return false
  putVarint(buffer, BLOCK)
  putVarint(buffer, MINIBLOCKS)
  putVarint(buffer, count)
  putZigzagLong(buffer, halves)
  for (let first = 1; first < count; first += BLOCK) putBlock(buffer, halves, first, Math.min(BLOCK, count - first))
  return true
}

/** 64-bit integers as they are. */
export function putPlainLongs(buffer: ByteBuffer, halves: Int32Array, count: number): void {
  putBytes(buffer, new Uint8Array(halves.buffer, halves.byteOffset, count * 8))
}

function deltaAt(halves: Int32Array, i: number): number {
  const high = (halves[2 * i + 1] as number) - (halves[2 * i - 1] as number)
  const low = ((halves[2 * i] as number) >>> 0) - ((halves[2 * i - 2] as number) >>> 0)
  return high * TWO_TO_32 + low
}

function haveSmallDeltas(halves: Int32Array, count: number): boolean {
  for (let i = 1; i < count; i++) if (Math.abs(deltaAt(halves, i)) > MAX_DELTA) return false
  return true
}

/** The first value of a page may be any 64-bit integer. */
function putZigzagLong(buffer: ByteBuffer, halves: Int32Array): void {
  const value = (BigInt(halves[1] ?? 0) << 32n) | BigInt((halves[0] ?? 0) >>> 0)
  putLongVarint(buffer, BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)))
}

function putBlock(buffer: ByteBuffer, halves: Int32Array, first: number, count: number): void {
  let min = Infinity
  for (let i = 0; i < count; i++) {
    const delta = deltaAt(halves, first + i)
    deltas[i] = delta
    if (delta < min) min = delta
  }
  for (let i = 0; i < count; i++) deltas[i]! -= min
  // The padding of the last miniblock takes no extra space.
  deltas.fill(0, count)
  putSignedVarint(buffer, min)
  const used = Math.ceil(count / MINIBLOCK)
  reserve(buffer, MINIBLOCKS + (BLOCK * 53) / 8)
  const widths = buffer.length
  buffer.length += MINIBLOCKS
  for (let m = 0; m < MINIBLOCKS; m++) {
    const width = m < used ? widthOf(m * MINIBLOCK) : 0
    buffer.bytes[widths + m] = width
    if (width > 0) buffer.length = packMiniblock(buffer.bytes, buffer.length, m * MINIBLOCK, width)
  }
}

/** Bits of the largest difference of a miniblock. */
function widthOf(first: number): number {
  let max = 0
  for (let i = first; i < first + MINIBLOCK; i++) if ((deltas[i] as number) > max) max = deltas[i] as number
  return max < TWO_TO_32 ? 32 - Math.clz32(max) : 64 - Math.clz32(Math.floor(max / TWO_TO_32))
}

/** Packs values of `width` bits, lowest bit first, in portions that fit into 32 bits with a partial byte. */
function packMiniblock(bytes: Uint8Array, start: number, first: number, width: number): number {
  let at = start
  let bits = 0
  let filled = 0
  for (let i = first; i < first + MINIBLOCK; i++) {
    let rest = deltas[i] as number
    for (let left = width; left > 0; left -= 24) {
      const portion = left < 24 ? left : 24
      const high = left > 24 ? Math.floor(rest / 16_777_216) : 0
      bits |= (rest - high * 16_777_216) << filled
      rest = high
      filled += portion
      while (filled >= 8) {
        bytes[at++] = bits
        bits >>>= 8
        filled -= 8
      }
    }
  }
  return at
}
