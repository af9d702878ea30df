import { QUERY_TYPES } from './dns-message.js'

/** RFC 1035, 4.1.1. */
export const HEADER_BYTES = 12
/** Type, class, time to live and length of the data: between a record's name and its data (RFC 1035, 4.1.3). */
const FIELDS_BYTES = 10
/** A length whose two highest bits are set: a pointer, which is two bytes and ends the name. Others have none of the two. */
const [POINTER, LONGEST_LABEL] = [0xc0, 63]
const [IPV4_BYTES, IPV6_BYTES] = [4, 16]

/**
 * Addresses in the answer section of a packet, 16 bytes each, IPv4 as IPv4-mapped. Names are passed over and pointers not
 * followed, so that every byte is looked at once at most.
 * @param from where the first record begins
 * @returns `null` when a record of any section is cut off
 */
export function readAddresses(payload: Uint8Array, from: number): Uint8Array[] | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const answers = view.getUint16(6)
  const records = answers + view.getUint16(8) + view.getUint16(10)
  const addresses: Uint8Array[] = []
  let at = from
  for (let i = 0; i < records; i++) {
    const data = endOfName(payload, at) + FIELDS_BYTES
    if (data > payload.length) return null
    const end = data + view.getUint16(data - 2)
    if (end > payload.length) return null
    if (i < answers) addresses.push(...addressOf(view.getUint16(data - FIELDS_BYTES), payload.subarray(data, end)))
    at = end
  }
  return addresses
}

/** Where what follows the name at `at` begins; beyond the end when it is cut off or none. */
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
