/** An element of a page: where its key and its value are. They may overlap those of others. */
export interface BoltElement {
  readonly isBucket?: boolean
  readonly keyAt: number
  readonly keyBytes: number
  /** The value follows the key. */
  readonly valueBytes: number
}

const PAGE_BYTES = 4096

/**
 * A file of bbolt whose root bucket is page 1.
 * @param pages elements of each page from 1 on; a page has at most 255
 * @param texts from page 200 on
 */
export function makeBolt(pages: readonly (readonly BoltElement[])[], texts: Buffer): Buffer {
  const file = Buffer.concat([Buffer.alloc(TEXTS_AT), texts])
  file.writeUInt32LE(0xed0c_daed, 16)
  file.writeUInt32LE(2, 20)
  file.writeUInt32LE(PAGE_BYTES, 24)
  file.writeBigUInt64LE(1n, 32)
  file.writeBigUInt64LE(fnv1a(file.subarray(16, 72)), 72)
  pages.forEach((elements, i) => {
    const page = (i + 1) * PAGE_BYTES
    file.writeUInt16LE(2, page + 8)
    file.writeUInt16LE(elements.length, page + 10)
    elements.forEach(({ isBucket = false, keyAt, keyBytes, valueBytes }, number) => {
      const at = page + 16 + number * 16
      file.writeUInt32LE(isBucket ? 1 : 0, at)
      file.writeUInt32LE(keyAt - at, at + 4)
      file.writeUInt32LE(keyBytes, at + 8)
      file.writeUInt32LE(valueBytes, at + 12)
    })
  })
  return file
}

/** Byte offset of the texts. */
export const TEXTS_AT = 200 * PAGE_BYTES

/** An element whose key and value are written one after the other. */
export function addElement(parts: Buffer[], key: string, value: Buffer, isBucket = false): BoltElement {
  const keyAt = TEXTS_AT + parts.reduce((sum, { length }) => sum + length, 0)
  parts.push(Buffer.from(key), value)
  return { isBucket, keyAt, keyBytes: Buffer.byteLength(key), valueBytes: value.length }
}

/** The value of a bucket on a page of its own. */
export function bucketAt(page: number): Buffer {
  const value = Buffer.alloc(16)
  value.writeBigUInt64LE(BigInt(page))
  return value
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n)
  return hash
}
