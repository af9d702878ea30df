import { parseAddress } from '../../../attempt/address.js'

/** A range of addresses with a meaning of its own. */
export interface AddressClass {
  readonly name: string
  /** 16 bytes */
  readonly first: Uint8Array
  /** Bits that all addresses of the class share */
  readonly bits: number
  /** Bits that a pseudonym keeps: those of the class, or more that say nothing about a host */
  readonly kept: number
}

const MAPPED_BITS = 96
const ALL_BITS = 128

/** From the special to the general; the first that holds an address counts. Registries: RFC 6890, RFC 4291. */
const CLASSES: readonly AddressClass[] = [
  ipv4('unspecified', '0.0.0.0', 32),
  ipv4('broadcast', '255.255.255.255', 32),
  ipv4('this network', '0.0.0.0', 8),
  ipv4('private', '10.0.0.0', 8),
  ipv4('shared', '100.64.0.0', 10),
  ipv4('loopback', '127.0.0.0', 8),
  ipv4('link-local', '169.254.0.0', 16),
  ipv4('private', '172.16.0.0', 12),
  ipv4('private', '192.168.0.0', 16),
  ipv4('multicast', '224.0.0.0', 4),
  ipv4('reserved', '240.0.0.0', 4),
  ipv4('public', '0.0.0.0', 0),
  ipv6('unspecified', '::', 128),
  ipv6('loopback', '::1', 128),
  ipv6('link-local', 'fe80::', 64),
  ipv6('link-local', 'fe80::', 10),
  ipv6('unique local', 'fd00::', 8),
  ipv6('unique local', 'fc00::', 8),
  // Flags and scope stay.
  { ...ipv6('multicast', 'ff00::', 8), kept: 16 },
  ipv6('public', '::', 0),
]

/** The class of a 16-byte address. */
export function classOf(address: Uint8Array): AddressClass {
  return CLASSES.find((one) => sharesBits(address, one)) as AddressClass
}

function ipv4(name: string, text: string, bits: number): AddressClass {
  return ipv6(name, text, MAPPED_BITS + bits)
}

function ipv6(name: string, text: string, bits: number): AddressClass {
  return { name, first: parseAddress(text) as Uint8Array, bits, kept: Math.min(bits, ALL_BITS) }
}

function sharesBits(address: Uint8Array, { first, bits }: AddressClass): boolean {
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (address[i] !== first[i]) return false
  const mask = 0xff & ~(0xff >> (bits & 7))
  return mask === 0 || ((address[whole]! ^ first[whole]!) & mask) === 0
}
