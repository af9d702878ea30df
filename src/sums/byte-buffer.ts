/** Growing bytes: one array per integer would cost ten times as much for a million integers. */
export interface ByteBuffer {
  bytes: Uint8Array
  length: number
}

/** Maximum size of a LEB128 integer below 2^53. */
const MAX_VARINT_BYTES = 8

export function createByteBuffer(capacity = 1024): ByteBuffer {
  return { bytes: new Uint8Array(capacity), length: 0 }
}

/** The written bytes, valid until the next write. */
export function writtenBytes({ bytes, length }: ByteBuffer): Uint8Array {
  return bytes.subarray(0, length)
}

/** Makes room for more bytes behind `length`. */
export function reserve(buffer: ByteBuffer, count: number): void {
  if (buffer.length + count <= buffer.bytes.length) return
  const larger = new Uint8Array(Math.max(buffer.bytes.length * 2, buffer.length + count))
  larger.set(writtenBytes(buffer))
  buffer.bytes = larger
}

export function putByte(buffer: ByteBuffer, value: number): void {
  reserve(buffer, 1)
  buffer.bytes[buffer.length++] = value
}

/** An unsigned integer below 2^53 as LEB128: seven bits per byte, lowest first. */
export function putVarint(buffer: ByteBuffer, value: number): void {
  reserve(buffer, MAX_VARINT_BYTES)
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) buffer.bytes[buffer.length++] = (rest % 128) | 128
  buffer.bytes[buffer.length++] = rest
}

/** A signed integer: zigzag encoding, then LEB128. Its magnitude is below 2^52. */
export function putSignedVarint(buffer: ByteBuffer, value: number): void {
  putVarint(buffer, value >= 0 ? value * 2 : -value * 2 - 1)
}

/** A 64-bit integer as LEB128. */
export function putLongVarint(buffer: ByteBuffer, value: bigint): void {
  let rest = value
  for (; rest >= 128n; rest >>= 7n) putByte(buffer, Number(rest & 127n) | 128)
  putByte(buffer, Number(rest))
}

/** The lowest `width` bytes of an integer, lowest first. */
export function putLittleEndian(buffer: ByteBuffer, value: number, width: number): void {
  let rest = value
  for (let i = 0; i < width; i++) {
    putByte(buffer, rest & 255)
    rest = Math.floor(rest / 256)
  }
}

export function putBytes(buffer: ByteBuffer, bytes: Uint8Array): void {
  reserve(buffer, bytes.length)
  buffer.bytes.set(bytes, buffer.length)
  buffer.length += bytes.length
}

/** The length of some bytes, then the bytes. */
export function putWithLength(buffer: ByteBuffer, bytes: Uint8Array): void {
  putVarint(buffer, bytes.length)
  putBytes(buffer, bytes)
}
