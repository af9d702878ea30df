import { parseAddress } from '../../../src/attempt/address.js'

const IPV4_BYTES = 4
const MAPPED_BYTES = 12

/** A value that must not be in a file, in one of the forms in which it could be there. */
export interface Encoding {
  readonly of: string
  readonly form: string
  readonly bytes: Buffer
}

/** Forms of a name: in encodings of text, backwards, with its labels in reverse, and as in a DNS packet. */
export function encodingsOfName(name: string): Encoding[] {
  const labels = name.split('.')
  const utf16 = Buffer.from(name, 'utf16le')
  const forms: Record<string, Buffer> = {
    UTF8: Buffer.from(name),
    'UTF-16LE': utf16,
    'UTF-16BE': Buffer.from(utf16).swap16(),
    'upper case': Buffer.from(name.toUpperCase()),
    backwards: Buffer.from([...name].toReversed().join('')),
    hexadecimal: Buffer.from(Buffer.from(name).toString('hex')),
    base64: Buffer.from(Buffer.from(name).toString('base64').replace(/=+$/, '').slice(0, -1)),
  }
  if (labels.length > 1) {
    forms['reversed labels'] = Buffer.from(labels.toReversed().join('.'))
    forms['DNS packet'] = Buffer.concat(labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])))
  }
  return Object.entries(forms).map(([form, bytes]) => ({ of: name, form, bytes }))
}

/** Forms of an address: text, bytes in both orders, and as an integer: decimal, LEB128, varint of SQLite. */
export function encodingsOfAddress(text: string): Encoding[] {
  const whole = Buffer.from(parseAddress(text) as Uint8Array)
  const isIpv4 = !text.includes(':')
  const bytes = isIpv4 ? whole.subarray(MAPPED_BYTES) : whole
  const number = BigInt(`0x${bytes.toString('hex')}`)
  const forms: Record<string, Buffer> = {
    text: Buffer.from(text),
    '16 bytes': whole,
    'network bytes': bytes,
    'little endian': Buffer.from([...bytes].toReversed()),
    hexadecimal: Buffer.from(bytes.toString('hex')),
    decimal: Buffer.from(String(number)),
    LEB128: Buffer.from(groupsOfSevenBits(number, 'lowest first')),
    'varint of SQLite': Buffer.from(groupsOfSevenBits(number, 'highest first')),
    'reversed labels': Buffer.from(isIpv4 ? text.split('.').toReversed().join('.') : nibbles(bytes)),
  }
  const shortest = isIpv4 ? IPV4_BYTES : 8
  return Object.entries(forms).flatMap(([form, encoded]) =>
    encoded.length < shortest ? [] : [{ of: text, form, bytes: encoded }],
  )
}

/** Each encoding that a file holds. */
export function findLeaks(file: Buffer, encodings: readonly Encoding[]): string[] {
  return encodings.filter(({ bytes }) => file.includes(bytes)).map(({ of, form }) => `${of} as ${form}`)
}

function groupsOfSevenBits(number: bigint, order: 'lowest first' | 'highest first'): number[] {
  const groups: number[] = []
  for (let rest = number; rest > 0n; rest >>= 7n) groups.push(Number(rest & 127n))
  if (order === 'highest first') groups.reverse()
  return groups.map((group, i) => (i + 1 < groups.length ? group | 128 : group))
}

/** As in a name of ip6.arpa */
function nibbles(bytes: Buffer): string {
  return [...bytes.toString('hex')].toReversed().join('.')
}
