import ipaddr from 'ipaddr.js'
import { UsageError } from '../base/errors.js'
import { encodeBytes } from '../attempt/byte-text.js'
import { FAILED_OUTCOMES, OUTCOMES, type Outcome } from '../attempt/outcome.js'
import { nearestName } from '../text/nearest-name.js'

/** A network: the first `length` bits of a 16-byte address (IPv4 as IPv4-mapped, so length is 96 or more). */
export interface Prefix {
  readonly address: Uint8Array
  readonly length: number
}

const MAX_UINT32 = 2 ** 32 - 1
const COMM_BYTES = 15

/** Process ids. */
export function parseIds(option: string, texts: readonly string[]): number[] {
  return splitLists(option, texts, 'process ids like 1234 or 1234,5678').map((text) =>
    requireInteger(option, text, 1, MAX_UINT32, 'process ids like 1234 or 1234,5678'),
  )
}

const PORTS_ACCEPTED = 'ports from 1 to 65535, like 443 or 80,443'

/** Ports without duplicates. @param accepted the accepted values, for the error */
export function parsePorts(texts: readonly string[], option = '--port', accepted = PORTS_ACCEPTED): number[] {
  const ports = splitLists(option, texts, accepted).map((text) => requireInteger(option, text, 1, 65535, accepted))
  return [...new Set(ports)]
}

/** Thread names. A name can contain a comma, so the option is only repeatable. */
export function parseComms(texts: readonly string[]): string[] {
  return texts.map((text) => {
    const bytes = encodeBytes(text).length
    if (bytes > 0 && bytes <= COMM_BYTES) return text
    throw new UsageError(
      '--comm',
      text,
      String.raw`a thread's name as in ps -o comm, 1 to ${COMM_BYTES} bytes; those that are not UTF-8 as \xff`,
    )
  })
}

/** Outcome names. `failed` stands for all outcomes without a connection. */
export function parseOutcomes(texts: readonly string[]): Outcome[] {
  const accepted = `failed, ${OUTCOMES.join(', ')}`
  const outcomes = splitLists('--outcome', texts, accepted).flatMap((text): readonly Outcome[] => {
    if (text === 'failed') return FAILED_OUTCOMES
    if ((OUTCOMES as readonly string[]).includes(text)) return [text as Outcome]
    throw new UsageError('--outcome', text, accepted, nearestName(text, ['failed', ...OUTCOMES]))
  })
  return [...new Set(outcomes)]
}

/** Addresses and networks in CIDR notation, as 16-byte prefixes. */
export function parsePrefixes(texts: readonly string[]): Prefix[] {
  const accepted = 'addresses or networks like 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32'
  return splitLists('--dst', texts, accepted).map((text) => {
    const prefix = parsePrefix(text)
    if (prefix) return prefix
    throw new UsageError('--dst', text, accepted)
  })
}

function parsePrefix(text: string): Prefix | null {
  const [address = '', length, ...rest] = text.split('/')
  const isIpv4 = ipaddr.IPv4.isValidFourPartDecimal(address)
  if (
    rest.length > 0 ||
    (!isIpv4 && !(address.includes(':') && !address.includes('%') && ipaddr.IPv6.isValid(address)))
  ) {
    return null
  }
  const parsed = ipaddr.parse(address)
  const bytes = Uint8Array.from(
    parsed.kind() === 'ipv4' ? (parsed as ipaddr.IPv4).toIPv4MappedAddress().toByteArray() : parsed.toByteArray(),
  )
  const bits = isIpv4 ? 32 : 128
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null
  const prefixLength = length === undefined ? bits : Number(length)
  return prefixLength <= bits ? { address: bytes, length: prefixLength + 128 - bits } : null
}

/** A decimal integer in a range. */
export function requireInteger(option: string, text: string, min: number, max: number, accepted: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  throw new UsageError(option, text, accepted)
}

/** Elements of repeated and comma-separated values, without duplicates. */
export function splitLists(option: string, texts: readonly string[], accepted: string): string[] {
  const parts = texts.flatMap((text) => text.split(',').map((part) => part.trim()))
  if (parts.includes('')) throw new UsageError(option, texts.join(' '), accepted)
  return [...new Set(parts)]
}
