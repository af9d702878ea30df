import * as fc from 'fast-check'
import { UsageError } from '../../../src/base/errors.js'
import { parsePrefixes, type Prefix } from '../../../src/options/parse-lists.js'
import { packPrefix } from '../../../src/record/probe/pack-probe-config.js'
import { destinationPrefix } from '../../../src/record/event/wire.gen.js'
import { formatAddress, parseAddress } from '../../../src/attempt/address.js'
import { bytesOf, require, textOf, type FuzzTarget } from '../fuzz-target.js'

const IPV4_BITS = 96

const SEEDS =
  `10.0.0.0/8 ; 192.0.2.7 ; 2001:db8::/32 ; ::ffff:10.0.0.1/104 ; ::/0 ; 0.0.0.0/0 ; ::1, 127.0.0.1 ; 010.1.2.3 ; 1.2.3 ; 0x7f.1 ; fe80::1%eth0 ; 1:2:3:4:5:6:7:8/128 ; ::1/129 ; 1.2.3.4/33 ; 64:ff9b::1.2.3.4`.split(
    ' ; ',
  )

/** The values of `--dst`, and the filter that the probe gets. */
export function createNetworks(): FuzzTarget {
  return {
    name: 'networks',
    seeds: bytesOf(SEEDS),
    take(input) {
      const text = textOf(input)
      const prefixes = parseOrRefuse(text) ?? []
      require(prefixes.length <= text.split(',').length, () => `${text} is ${prefixes.length} networks`)
      for (const prefix of prefixes) requireSound(prefix, text)
      const address = parseAddress(text)
      require(address === null || address.length === 16, () => `${text} has ${address?.length} bytes`)
    },
    property: fc.property(
      fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
      fc.nat({ max: 128 }),
      (bytes, bits) => {
        const isIpv4 = bytes.length === 4
        const length = Math.min(bits, bytes.length * 8)
        const text = `${isIpv4 ? bytes.join('.') : hexGroups(bytes)}/${length}`
        const [prefix] = parseOrRefuse(text) ?? []
        require(prefix !== undefined, () => `${text} is no network`)
        const expected = isIpv4 ? [...new Array<number>(10).fill(0), 255, 255, ...bytes] : [...bytes]
        require(prefix.address.join() === expected.join(), () => `${text} begins with ${prefix.address.join()}`)
        require(prefix.length === length + (isIpv4 ? IPV4_BITS : 0), () => `${text} has ${prefix.length} bits`)
        requireSound(prefix, text)
      },
    ),
  }
}

function requireSound(prefix: Prefix, text: string): void {
  const { address, length } = prefix
  require(address.length === 16, () => `${text} has ${address.length} bytes`)
  require(Number.isInteger(length) && length >= 0 && length <= 128, () => `${text} has ${length} bits`)
  const again = parseAddress(formatAddress(address))
  require(again?.join() === address.join(), () => `${text} is ${formatAddress(address)}, which is another address`)
  require(packPrefix(prefix).length === destinationPrefix.size_bytes, () => `${text} is no key for the probe`)
}

function parseOrRefuse(text: string): Prefix[] | null {
  try {
    return parsePrefixes([text])
  } catch (error) {
    if (error instanceof UsageError) return null
    throw error
  }
}

function hexGroups(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16)).join(':')
}
