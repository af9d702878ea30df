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

/** Fields by their ids; ascending, as object keys that are integers always are. `undefined` is left out. */
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
  const out: number[] = []
  writeStruct(out, fields)
  return Uint8Array.from(out)
}

function writeStruct(out: number[], fields: ThriftStruct): void {
  let previous = 0
  for (const [key, value] of Object.entries(fields) as [string, ThriftValue | undefined][]) {
    if (value === undefined) continue
    const id = Number(key)
    out.push(((id - previous) << 4) | fieldType(value))
    if (value.type !== 'bool') writeValue(out, value)
    previous = id
  }
  out.push(0)
}

function fieldType(value: ThriftValue): number {
  return value.type === 'bool' ? TYPE[value.value ? 'true' : 'false'] : TYPE[value.type]
}

function writeValue(out: number[], value: Exclude<ThriftValue, { type: 'bool' }>): void {
  switch (value.type) {
    case 'byte':
      out.push(value.value & 255)
      break
    case 'binary': {
      const bytes = typeof value.value === 'string' ? Buffer.from(value.value) : value.value
      writeVarint(out, bytes.length)
      for (const byteOfIt of bytes) out.push(byteOfIt)
      break
    }
    case 'list':
      writeList(out, value.of, value.value)
      break
    case 'struct':
      writeStruct(out, value.value)
      break
    default:
      // Zigzag; all values here are far below 2^52.
      writeVarint(out, value.value >= 0 ? value.value * 2 : -value.value * 2 - 1)
  }
}

function writeList(out: number[], of: 'i32' | 'binary' | 'struct', values: readonly ThriftValue[]): void {
  if (values.length < 15) out.push((values.length << 4) | TYPE[of])
  else {
    out.push(0xf0 | TYPE[of])
    writeVarint(out, values.length)
  }
  for (const value of values) writeValue(out, value as Exclude<ThriftValue, { type: 'bool' }>)
}

function writeVarint(out: number[], value: number): void {
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128)
  out.push(rest)
}
