/** Bytes that grow: what a page is built in. The same memory is used for page after page. */
export interface PageBuffer {
  bytes: Uint8Array
  length: number
}

export function createPageBuffer(): PageBuffer {
  return { bytes: new Uint8Array(1 << 16), length: 0 }
}

/** Makes room for more bytes behind `length`. */
export function reserve(buffer: PageBuffer, count: number): void {
  if (buffer.length + count <= buffer.bytes.length) return
  const larger = new Uint8Array(Math.max(buffer.bytes.length * 2, buffer.length + count))
  larger.set(buffer.bytes.subarray(0, buffer.length))
  buffer.bytes = larger
}

export function putByte(buffer: PageBuffer, value: number): void {
  reserve(buffer, 1)
  buffer.bytes[buffer.length++] = value
}

/** Unsigned LEB128, of an integer below 2^53. */
export function putVarint(buffer: PageBuffer, value: number): void {
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) putByte(buffer, (rest % 128) | 128)
  putByte(buffer, rest)
}

/** The lowest `width` bytes of an integer, lowest first. */
export function putLittleEndian(buffer: PageBuffer, value: number, width: number): void {
  let rest = value
  for (let i = 0; i < width; i++) {
    putByte(buffer, rest & 255)
    rest = Math.floor(rest / 256)
  }
}

export function putBytes(buffer: PageBuffer, bytes: Uint8Array): void {
  reserve(buffer, bytes.length)
  buffer.bytes.set(bytes, buffer.length)
  buffer.length += bytes.length
}
