import { encode, type Answer } from 'dns-packet'
import * as fc from 'fast-check'
import { createCgroupPaths } from '../../../src/record/host/cgroup-paths.js'
import type { MetadataRing } from '../../../src/record/probe/metadata-ring.js'
import { createMetadata } from '../../../src/record/dns/metadata-reader.js'
import { decodeDns } from '../../../src/record/dns/decode-dns.js'
import type { Lookup } from '../../../src/record/dns/lookup.js'
import { metadataEvent, metadataKind, resolvedName } from '../../../src/record/event/wire.gen.js'
import { parseAddress } from '../../../src/attempt/address.js'
import { require, type FuzzTarget } from '../fuzz-target.js'

const KINDS = [metadataKind.dns_answer, metadataKind.dns_query, metadataKind.getaddrinfo, metadataKind.cgroup_made]
/** Maximum length of a name: 255 bytes on the wire, each shown as up to four characters. */
const MAX_NAME_CHARACTERS = 4 * 255
const MAX_RESOLVED = 32
/** RFC 6891 */
const EDNS: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 4096,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/**
 * Payloads of UDP packets from or to port 53, names that libc resolved, and cgroups. The first byte selects the kind.
 */
export function createDnsPackets(): FuzzTarget {
  const reader = createReader()
  return {
    name: 'dns-packets',
    seeds: [...packets(), ...KINDS.map((_, i) => Uint8Array.of(i, ...new Uint8Array(40).fill(97)))],
    take(input) {
      const kind = KINDS[(input[0] ?? 0) % KINDS.length] as number
      for (const lookup of reader.take(kind, input.subarray(1))) requireSound(lookup)
    },
    property: fc.property(
      fc.domain(),
      fc.array(fc.ipV4(), { maxLength: 20 }),
      fc.nat({ max: 65_535 }),
      (name, ips, id) => {
        const answers = ips.map((data): Answer => ({ type: 'A', name, ttl: 1, data }))
        const packet = encode({ type: 'response', id, questions: [{ type: 'A', name }], answers })
        const message = decodeDns(packet)
        require(message?.id === id && message.isAnswer && message.queryType === 1, () =>
          `${name} is ${JSON.stringify(message)}`)
        require(message.name === name.toLowerCase(), () => `${name} is ${message.name}`)
        const addresses = message.addresses.map((address) => address.join())
        const expected = ips.map((ip) => parseAddress(ip)?.join())
        require(addresses.join(' ') === expected.join(' '), () => `${ips.join()} are ${addresses.join(' ')}`)
        requireTruncated(packet, ips.length)
      },
    ),
  }
}

/** An answer that ends within its last record is malformed, unless it is marked as truncated. */
function requireTruncated(packet: Buffer, records: number): void {
  if (records === 0) return
  const cut = packet.subarray(0, -1)
  require(decodeDns(cut) === undefined, () => 'an answer without its last byte is whole')
  cut[2] = (cut[2] as number) | 2
  const message = decodeDns(cut)
  require(message?.isTruncated === true && message.addresses.length === records - 1, () =>
    `a truncated answer is ${JSON.stringify(message)}`)
}

/** All steps of a record of the metadata ring, up to the written rows. */
function createReader() {
  const waiting: DataView[] = []
  const ring: MetadataRing = {
    read(take) {
      const records = waiting.splice(0)
      records.forEach((record) => take(record))
      return records.length
    },
    isBusy: () => false,
    close() {},
  }
  const clock = { epochNs: 1000n, nowNs: () => 0 }
  const options = { clock, cgroupPaths: createCgroupPaths(null), hostNetns: null, keepsLookups: true, nat: null }
  const metadata = createMetadata({ metadata: ring, lostMetadata: () => 0 }, options)
  return {
    take(kind: number, payload: Uint8Array): Lookup[] {
      waiting.push(recordOf(kind, payload))
      metadata.read()
      return metadata.lookups.splice(0)
    },
  }
}

/** As the probe makes them: with a fixed length for getaddrinfo, which limits the number of addresses. */
function recordOf(kind: number, payload: Uint8Array): DataView {
  const isResolved = kind === metadataKind.getaddrinfo
  const length = isResolved ? resolvedName.size_bytes : payload.length
  const record = new Uint8Array(metadataEvent.size_bytes + length)
  record.set(payload.subarray(0, length), metadataEvent.size_bytes)
  const view = new DataView(record.buffer)
  view.setUint8(metadataEvent.kind, kind)
  view.setUint8(metadataEvent.is_cut, length & 1)
  view.setUint16(metadataEvent.payload_bytes, length, true)
  view.setBigUint64(metadataEvent.seen_ns, 5000n, true)
  view.setBigUint64(metadataEvent.socket_cookie, BigInt(payload[0] ?? 0), true)
  if (isResolved) {
    const at = metadataEvent.size_bytes + resolvedName.address_count
    view.setUint32(at, view.getUint32(at, true) % (MAX_RESOLVED + 1), true)
  }
  return view
}

function requireSound({ name, addresses, rcode, queryType, latencyNs, isTruncated }: Lookup): void {
  require(!name.includes('\0'), () => `${JSON.stringify(name)} holds a NUL`)
  require(!/[A-Z]/.test(name), () => `${JSON.stringify(name)} is not in lower case`)
  require(name.length <= MAX_NAME_CHARACTERS, () => `a name has ${name.length} characters`)
  require(addresses.every(({ length }) => length === 16), () => 'an address has not 16 bytes')
  require(rcode === null || Number.isInteger(rcode), () => `rcode ${rcode}`)
  require(isTruncated === null || rcode !== null, () => 'what got no answer is truncated')
  require([1, 28, null].includes(queryType), () => `query type ${queryType}`)
  require(latencyNs === null || Number.isFinite(latencyNs), () => `latency ${latencyNs}`)
}

function packets(): Uint8Array[] {
  const question = { type: 'AAAA', name: 'www.Example.org' } as const
  const answers: Answer[] = [
    { type: 'CNAME', name: 'www.example.org', ttl: 5, data: 'a.example.net' },
    { type: 'AAAA', name: 'a.example.net', ttl: 5, data: '2001:db8::1' },
    { type: 'A', name: 'a.example.net', ttl: 5, data: '192.0.2.1' },
    { type: 'TXT', name: 'a.example.net', ttl: 5, data: 'text' },
    { type: 'SRV', name: 'a.example.net', ttl: 5, data: { port: 1, target: 'b.example.net' } },
    {
      type: 'SOA',
      name: 'x',
      data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 },
    },
  ]
  const encoded = [
    encode({ type: 'query', id: 1, flags: 256, questions: [question] }),
    encode({ type: 'response', id: 1, questions: [question], answers }),
    encode({ type: 'response', id: 1, flags: 3, questions: [question], additionals: [EDNS] }),
    encode({ type: 'response', id: 1, flags: 0x200, questions: [question], answers }).subarray(0, -3),
  ]
  return encoded.map((packet, i) => Uint8Array.of(i === 0 ? 1 : 0, ...packet))
}
