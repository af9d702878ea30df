import { putByte, putBytes, putVarint, reserve, type ByteBuffer } from '../sums/byte-buffer.js'

/**
 * Values of ClickHouse's format RowBinary: rows follow each other without separators, and values have no names.
 * https://clickhouse.com/docs/interfaces/formats/RowBinary
 */

/** Int64 */
export function putInt64(buffer: ByteBuffer, value: bigint): void {
  reserve(buffer, 8)
  const { bytes, length } = buffer
  new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(length, value, true)
  buffer.length += 8
}

/** String, of text as UTF-8, or of any bytes */
export function putString(buffer: ByteBuffer, value: string | Uint8Array): void {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  putVarint(buffer, bytes.length)
  putBytes(buffer, bytes)
}

/** UUID: two 64-bit numbers, each with the lowest byte first */
export function putUuid(buffer: ByteBuffer, uuid: string): void {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  putBytes(buffer, bytes.subarray(0, 8).toReversed())
  putBytes(buffer, bytes.subarray(8, 16).toReversed())
}

/** The byte before a Nullable value, which follows only if it is not NULL */
export function putIsNull(buffer: ByteBuffer, isNull: boolean): void {
  putByte(buffer, isNull ? 1 : 0)
}
