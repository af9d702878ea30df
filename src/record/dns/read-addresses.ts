import { QUERY_TYPES } from './dns-message.js'

/** RFC 1035, 4.1.1. */
export const DNS_HEADER_BYTES = 12
/** Type, class, TTL and data length, between a record's name and its data (RFC 1035, 4.1.3). */
const FIELDS_BYTES = 10
/** Both high bits of a length set: a pointer of two bytes, which ends the name. Otherwise neither is set. */
const POINTER = 0xc0
export const LONGEST_LABEL = 63
const [IPV4_BYTES, IPV6_BYTES] = [4, 16]

/** The addresses in the records of a packet. */
export interface PacketAddresses {
  /** Of the answer section, up to the first missing or truncated record. 16 bytes each, IPv4 as IPv4-mapped */
  readonly addresses: Uint8Array[]
  /** Whether all records that the header counts are complete */
  readonly isWhole: boolean
}

/**
 * Reads the addresses of a packet. Skips names and follows no pointers, so every byte is read at most once.
 * @param from offset of the first record
 */
export function readAddresses(payload: Uint8Array, from: number): PacketAddresses {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const answers = view.getUint16(6)
  const records = answers + view.getUint16(8) + view.getUint16(10)
  const addresses: Uint8Array[] = []
  let at = from
  for (let i = 0; i < records; i++) {
    const data = endOfName(payload, at) + FIELDS_BYTES
    if (data > payload.length) return { addresses, isWhole: false }
    const end = data + view.getUint16(data - 2)
    if (end > payload.length) return { addresses, isWhole: false }
    if (i < answers) addresses.push(...addressOf(view.getUint16(data - FIELDS_BYTES), payload.subarray(data, end)))
    at = end
  }
  return { addresses, isWhole: true }
}

/** Offset after the name at `from`; beyond the end for a truncated or invalid name. */
export function endOfName(payload: Uint8Array, from: number): number {
  for (let at = from; at < payload.length;) {
    const length = payload[at] as number
    if (length >= POINTER) return at + 2
    if (length > LONGEST_LABEL) return Infinity
    at += 1 + length
    if (length === 0) return at
  }
  return Infinity
}

function addressOf(type: number, data: Uint8Array): Uint8Array[] {
  if (type === QUERY_TYPES.AAAA && data.length === IPV6_BYTES) return [data.slice()]
  if (type !== QUERY_TYPES.A || data.length !== IPV4_BYTES) return []
  const address = new Uint8Array(IPV6_BYTES)
  address.set([0xff, 0xff], IPV6_BYTES - IPV4_BYTES - 2)
  address.set(data, IPV6_BYTES - IPV4_BYTES)
  return [address]
}
