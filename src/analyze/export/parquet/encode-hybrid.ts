import { putByte, putVarint, reserve, type ByteBuffer } from '../../../sums/byte-buffer.js'

/**
 * Encodes small integers in the hybrid encoding of Parquet: one run if all are equal, otherwise bit-packed.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 * @param max the largest integer
 * @returns bits per integer
 */
export function putHybrid(buffer: ByteBuffer, values: Int32Array | Uint8Array, count: number, max: number): number {
  const width = bitsOf(max)
  if (areEqual(values, count)) putRun(buffer, values[0] ?? 0, count, width)
  else {
    putVarint(buffer, (Math.ceil(count / 8) << 1) | 1)
    putPacked(buffer, values, count, width)
  }
  return width
}

/** Number of bits of an integer, 0 for 0. */
export function bitsOf(value: number): number {
  return 32 - Math.clz32(value)
}

function areEqual(values: Int32Array | Uint8Array, count: number): boolean {
  for (let i = 1; i < count; i++) if (values[i] !== values[0]) return false
  return true
}

/** One value, `count` times. */
export function putRun(buffer: ByteBuffer, value: number, count: number, width: number): void {
  putVarint(buffer, count * 2)
  for (let bits = 0; bits < width; bits += 8) putByte(buffer, (value >>> bits) & 255)
}

/** Packs values of `width` bits, lowest bit first, in groups of eight; the last one is padded with zeros. */
function putPacked(buffer: ByteBuffer, values: Int32Array | Uint8Array, count: number, width: number): void {
  const total = Math.ceil(count / 8) * width
  reserve(buffer, total)
  const { bytes } = buffer
  const end = buffer.length + total
  let at = buffer.length
  if (width === 8) for (let i = 0; i < count; i++) bytes[at++] = values[i] as number
  else at = packBits(bytes, at, values, { count, width })
  bytes.fill(0, at, end)
  buffer.length = end
}

function packBits(
  bytes: Uint8Array,
  start: number,
  values: Int32Array | Uint8Array,
  { count, width }: { count: number; width: number },
): number {
  if (width > 24) return packWideBits(bytes, start, values, { count, width })
  let at = start
  let bits = 0
  let filled = 0
  for (let i = 0; i < count; i++) {
    bits |= (values[i] as number) << filled
    filled += width
    while (filled >= 8) {
      bytes[at++] = bits
      bits >>>= 8
      filled -= 8
    }
  }
  if (filled > 0) bytes[at++] = bits
  return at
}

/** For more bits than fit with a partial byte: a dictionary of more than 16 million values. */
function packWideBits(
  bytes: Uint8Array,
  start: number,
  values: Int32Array | Uint8Array,
  { count, width }: { count: number; width: number },
): number {
  bytes.fill(0, start, start + Math.ceil(count / 8) * width)
  for (let i = 0; i < count; i++) {
    for (let bit = 0; bit < width; bit++) {
      const position = i * width + bit
      bytes[start + (position >> 3)]! |= (((values[i] as number) >>> bit) & 1) << (position & 7)
    }
  }
  return start + Math.ceil((count * width) / 8)
}
