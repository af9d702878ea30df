import type { DnsLossCounts } from '../../attempt/loss-text.js'
import { parseAddress } from '../../attempt/address.js'
import { readText } from '../event/event-memory.js'
import { readNewCgroup } from '../event/new-cgroup.js'
import type { CgroupPaths } from '../host/cgroup-paths.js'
import { sleep, type RecordingClock } from '../host/clock.js'
import type { Probe } from '../probe/load-probe.js'
import { metadataEvent as at, metadataKind, resolvedName } from '../event/wire.gen.js'
import { decodeDns, normalizeName } from './decode-dns.js'
import { keyOfAddress } from './find-name.js'
import type { Lookup } from './lookup.js'
import { netnsKeyOf } from './netns-key.js'
import { createNameCache, type NameCache } from './name-cache.js'
import type { NatRecords } from '../nat/find-addresses.js'
import { isAddressRecord, keepAddress } from '../nat/keep-address.js'
import { createPacketPairs, type PairedLookup } from './pair-packets.js'

/**
 * Time limit of one read, and number of records between two looks at the clock. A full ring of ordinary packets takes
 * less, so that attempts find their names; under a flood of large packets attempts continue without names.
 */
const READ_NS = 250e6
/** Records that are read in any case: on a busy machine the time may pass before the first ones are. */
const LEAST = 256
const CHUNK = 16
/**
 * Limit of waits of WAIT_MS each for a record that the probe was interrupted in, because its CPU may be busy. Longer
 * waits, or waits at every batch, would cost attempts.
 */
const MAX_WAITS = 20
const WAIT_MS = 1
/** Limit of lookups and addresses that wait to be written: 20 MB. More lookups are lost. */
const MAX_WAITING = 65_536
const NAME_BYTES = resolvedName.addresses - resolvedName.name
const ADDRESS_BYTES = 16

/** Metadata of attempts: names of addresses, and paths of cgroups. */
export interface Metadata {
  /** Reads the records that the probe has written so far. Call before reading the attempts that need them. */
  read(): void
  readonly names: NameCache
  /** `null`: not recorded */
  readonly nat: NatRecords | null
  /** Finished lookups that are not written yet. The writer removes the first n after writing them. */
  readonly lookups: Lookup[]
  /** Ends the reading: no more answers follow. */
  finish(): void
  /** Packets lost here or in the ring, and malformed ones. */
  counts(): DnsLossCounts
}

export interface MetadataOptions {
  readonly clock: Pick<RecordingClock, 'epochNs' | 'nowNs'>
  readonly cgroupPaths: CgroupPaths
  /** Inode number of the host's network namespace, `null`: unknown */
  readonly hostNetns: number | null
  /** Whether the caller writes `lookups` */
  readonly keepsLookups: boolean
  /** `null`: not recorded */
  readonly nat: NatRecords | null
}

/** @param wait waits for some ms while a record is not committed yet */
export function createMetadata(
  { metadata: ring, lostMetadata }: Pick<Probe, 'metadata' | 'lostMetadata'>,
  { clock, cgroupPaths, hostNetns, keepsLookups, nat }: MetadataOptions,
  wait: (milliseconds: number) => void = sleep,
): Metadata {
  const pairs = createPacketPairs()
  const names = createNameCache(hostNetns)
  const lookups: Lookup[] = []
  const counts = { malformed: 0, cut: 0 }
  let dropped = 0
  /** Lookups and addresses since all were written. */
  let waiting = 0

  const keep = ({ lookup, isFirst }: PairedLookup) => {
    addNames(names, lookup, hostNetns)
    if (!keepsLookups || !isFirst) return
    if (lookups.length === 0) waiting = 0
    waiting += 1 + lookup.addresses.length
    if (waiting <= MAX_WAITING) lookups.push(lookup)
    else dropped++
  }
  const readPacket = (record: DataView, isAnswer: boolean) => {
    const message = readMessage(record, counts)
    // A server whose clients query from port 53 sends answers to that port: they are seen again where they arrive.
    if (message?.isAnswer !== isAnswer) return
    const paired = pairs.add({ message, ...readHead(record, clock.epochNs) })
    if (paired) keep(paired)
  }
  const take = (record: DataView) => {
    const kind = record.getUint8(at.kind)
    if (kind === metadataKind.cgroup_made) readCgroup(record, cgroupPaths)
    else if (kind === metadataKind.getaddrinfo) readResolved(record, clock.epochNs).forEach(keep)
    else if (isAddressRecord(kind)) keepAddress(nat, record, clock.epochNs)
    else readPacket(record, kind === metadataKind.dns_answer)
  }
  let waits = 0
  /** @returns whether all readable records were read */
  const readCommitted = (untilNs: number): boolean => {
    for (let total = CHUNK; ; total += CHUNK) {
      const count = ring.read(take, CHUNK)
      if (count > 0) waits = 0
      if (count < CHUNK) return true
      if (clock.nowNs() >= untilNs && total >= LEAST) return false
    }
  }
  /** An answer may be behind an uncommitted record while its attempt is already in the other ring. */
  const readUntil = (untilNs: number) => {
    for (; readCommitted(untilNs) && ring.isBusy() && waits < MAX_WAITS; waits++) wait(WAIT_MS)
  }
  return {
    names,
    nat,
    lookups,
    read() {
      const startNs = clock.nowNs()
      readUntil(startNs + READ_NS)
      pairs.giveUp(startNs).forEach(keep)
    },
    finish() {
      readUntil(Infinity)
      pairs.giveUp(Infinity).forEach(keep)
    },
    counts: () => ({ lost: lostMetadata() + pairs.lost + dropped, evicted: names.evicted, ...counts }),
  }
}

/** Counts malformed packets, and answers that the probe truncated. */
function readMessage(record: DataView, counts: { malformed: number; cut: number }): ReturnType<typeof decodeDns> {
  const isCut = record.getUint8(at.is_cut) === 1
  const message = decodeDns(payloadOf(record), isCut)
  if (message === undefined) counts.malformed++
  if (isCut && message?.isAnswer) counts.cut++
  return message
}

function addNames(names: NameCache, lookup: Lookup, hostNetns: number | null): void {
  const { name, isAsked, addresses, startedNs, latencyNs, cgroupId, netns } = lookup
  const answer = {
    name,
    isAsked,
    answeredNs: startedNs + (latencyNs ?? 0),
    lookupNs: latencyNs,
    cgroupId: Number(cgroupId),
    netns: netnsKeyOf(netns.inode, Number(netns.cookie), hostNetns),
  }
  for (const address of addresses) names.add(keyOfAddress(address), answer)
}

function readHead(record: DataView, epochNs: bigint) {
  return {
    seenNs: Number(record.getBigUint64(at.seen_ns, true) - epochNs),
    cgroupId: record.getBigUint64(at.cgroup_id, true),
    socketCookie: record.getBigUint64(at.socket_cookie, true),
    netns: { inode: record.getUint32(at.netns, true), cookie: record.getBigUint64(at.netns_cookie, true) },
  }
}

function payloadOf(record: DataView): Uint8Array {
  const length = record.getUint16(at.payload_bytes, true)
  return new Uint8Array(record.buffer, record.byteOffset + at.size_bytes, length)
}

function readCgroup(record: DataView, paths: CgroupPaths): void {
  const made = readNewCgroup(record)
  if (made !== null) paths.add(made.id, made.path)
}

/** A numeric address is not a lookup. */
function readResolved(record: DataView, epochNs: bigint): PairedLookup[] {
  const payload = payloadOf(record)
  const name = normalizeName(readText(payload, resolvedName.name, NAME_BYTES))
  if (name === '' || parseAddress(name) !== null) return []
  const fields = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const { seenNs, cgroupId, netns } = readHead(record, epochNs)
  const startedNs = Number(fields.getBigUint64(resolvedName.started_ns, true) - epochNs)
  const rcode = fields.getInt32(resolvedName.error, true)
  const addresses = readAddresses(payload, fields.getUint32(resolvedName.address_count, true))
  const call = { startedNs, latencyNs: seenNs - startedNs, name, queryType: null, rcode, isTruncated: null, addresses }
  return [{ lookup: { ...call, isAsked: true, cgroupId, netns }, isFirst: true }]
}

/** Without duplicates: getaddrinfo returns an entry per socket type. The probe writes 0 for an unreadable address. */
function readAddresses(payload: Uint8Array, count: number): Uint8Array[] {
  const distinct = new Map<string | number, Uint8Array>()
  for (let i = 0; i < count; i++) {
    const from = resolvedName.addresses + i * ADDRESS_BYTES
    const address = payload.slice(from, from + ADDRESS_BYTES)
    if (address.some((byte) => byte !== 0)) distinct.set(keyOfAddress(address), address)
  }
  return [...distinct.values()]
}
