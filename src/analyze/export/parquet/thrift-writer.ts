import {
  createByteBuffer,
  putByte,
  putSignedVarint,
  putVarint,
  putWithLength,
  writtenBytes,
  type ByteBuffer,
} from '../../../sums/byte-buffer.js'

/**
 * Field and element types of Thrift's compact protocol, in which Parquet's page headers and footers are written:
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
const TYPE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

export type ThriftValue =
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'byte' | 'i16' | 'i32' | 'i64'; readonly value: number }
  | { readonly type: 'binary'; readonly value: string | Uint8Array }
  | { readonly type: 'list'; readonly of: 'i32' | 'binary' | 'struct'; readonly value: readonly ThriftValue[] }
  | { readonly type: 'struct'; readonly value: ThriftStruct }

/** Fields by id. Integer keys of objects are always ascending. `undefined` is left out. */
export interface ThriftStruct {
  readonly [id: number]: ThriftValue | undefined
}

export const bool = (value: boolean): ThriftValue => ({ type: 'bool', value })
export const byte = (value: number): ThriftValue => ({ type: 'byte', value })
export const i32 = (value: number): ThriftValue => ({ type: 'i32', value })
export const i64 = (value: number): ThriftValue => ({ type: 'i64', value })
export const binary = (value: string | Uint8Array): ThriftValue => ({ type: 'binary', value })
export const struct = (value: ThriftStruct): ThriftValue => ({ type: 'struct', value })
export const listOf = (of: 'i32' | 'binary' | 'struct', value: readonly ThriftValue[]): ThriftValue => {
  return { type: 'list', of, value }
}

/** Bytes of a struct. */
export function writeThrift(fields: ThriftStruct): Uint8Array {
  const out = createByteBuffer()
  writeStruct(out, fields)
  return writtenBytes(out)
}

function writeStruct(out: ByteBuffer, fields: ThriftStruct): void {
  let previous = 0
  for (const [key, value] of Object.entries(fields) as [string, ThriftValue | undefined][]) {
    if (value === undefined) continue
    const id = Number(key)
    putByte(out, ((id - previous) << 4) | fieldType(value))
    if (value.type !== 'bool') writeValue(out, value)
    previous = id
  }
  putByte(out, 0)
}

function fieldType(value: ThriftValue): number {
  return value.type === 'bool' ? TYPE[value.value ? 'true' : 'false'] : TYPE[value.type]
}

function writeValue(out: ByteBuffer, value: Exclude<ThriftValue, { type: 'bool' }>): void {
  switch (value.type) {
    case 'byte':
      putByte(out, value.value & 255)
      break
    case 'binary':
      putWithLength(out, typeof value.value === 'string' ? Buffer.from(value.value) : value.value)
      break
    case 'list':
      writeList(out, value.of, value.value)
      break
    case 'struct':
      writeStruct(out, value.value)
      break
    default:
      putSignedVarint(out, value.value)
  }
}

function writeList(out: ByteBuffer, of: 'i32' | 'binary' | 'struct', values: readonly ThriftValue[]): void {
  if (values.length < 15) putByte(out, (values.length << 4) | TYPE[of])
  else {
    putByte(out, 0xf0 | TYPE[of])
    putVarint(out, values.length)
  }
  for (const value of values) writeValue(out, value as Exclude<ThriftValue, { type: 'bool' }>)
}
