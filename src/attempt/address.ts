import ipaddr from 'ipaddr.js'

/** Text of a 16-byte address: dotted for IPv4-mapped addresses, RFC 5952 for the rest. */
export function formatAddress(address: Uint8Array): string {
  const parsed = ipaddr.fromByteArray(Array.from(address)) as ipaddr.IPv6
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String()
}

/** Whether 16 bytes hold an IPv4 address (::ffff:0:0/96). */
export function isIpv4Mapped(address: Uint8Array): boolean {
  return address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff
}

/** Whether 16 bytes hold 0.0.0.0 or ::. */
export function isUnspecified(address: Uint8Array): boolean {
  const from = isIpv4Mapped(address) ? 12 : 0
  return address.subarray(from).every((byte) => byte === 0)
}

/** The 16 bytes of an address in text form; `null` for other text. */
export function parseAddress(text: string): Uint8Array | null {
  if (!ipaddr.isValid(text)) return null
  const parsed = ipaddr.parse(text)
  const mapped = parsed.kind() === 'ipv4' ? (parsed as ipaddr.IPv4).toIPv4MappedAddress() : parsed
  return Uint8Array.from(mapped.toByteArray())
}

/** `192.0.2.1:443`, `[2001:db8::1]:443` */
export function nameEndpoint(address: string, port: string): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
