import type { DnsLossCounts } from '../../store/dns-loss-text.js'
import { parseAddress } from '../../store/address.js'
import { readText } from '../decode/read-text.js'
import type { CgroupPaths } from '../host/cgroup-paths.js'
import { sleep } from '../host/sleep.js'
import type { ContextRing } from '../probe/context-ring.js'
import { contextEvent as at, contextKind, resolvedName } from '../probe/wire.gen.js'
import { decodeDns, normalizeName } from './decode-dns.js'
import { keyOfAddress } from './find-name.js'
import type { Lookup } from './lookup.js'
import { createNameCache, type NameCache } from './name-cache.js'
import { createPacketPairs, type PairedLookup } from './pair-packets.js'

/**
 * How long records are read at a time, and after how many the clock is looked at. A full ring of plain packets takes less, so
 * that attempts find their names; under a flood of large ones they go on without.
 */
const READ_NS = 250e6
const CHUNK = 16
/**
 * How often, each time for WAIT_MS, a record is waited for that the probe was interrupted in: its CPU may be busy. For longer, or
 * at every batch anew, attempts would be lost meanwhile.
 */
const MAX_WAITS = 20
const WAIT_MS = 1
/** Lookups and their addresses that wait to be written, beyond which lookups are lost: 20 MB. */
const MAX_WAITING = 65_536
const NAME_BYTES = resolvedName.addresses - resolvedName.name
const ADDRESS_BYTES = 16

/** What explains attempts: names of addresses, and paths of cgroups. */
export interface Context {
  /** Takes in what the probe has seen by now. To be called before the attempts that it explains are read. */
  read(): void
  readonly names: NameCache
  /** Lookups that are over and not written yet. Whoever has written the first n removes them. */
  readonly lookups: Lookup[]
  /** No more answers come. */
  finish(): void
  /** Packets that found no room here or on their way, and those that are no DNS. */
  counts(): DnsLossCounts
}

export interface ContextOptions {
  readonly ring: ContextRing
  readonly lostRecords: () => number
  readonly cgroupPaths: CgroupPaths
  /** CLOCK_MONOTONIC ns at the session's beginning */
  readonly epochNs: bigint
  readonly nowNs: () => number
  /** Whether somebody writes `lookups` */
  readonly keepsLookups: boolean
}

export function createContext(options: ContextOptions): Context {
  const { ring, cgroupPaths, epochNs, nowNs } = options
  const pairs = createPacketPairs()
  const names = createNameCache()
  const lookups: Lookup[] = []
  let malformed = 0
  let dropped = 0
  /** Lookups and addresses since all were written. */
  let waiting = 0

  const keep = ({ lookup, isFirst }: PairedLookup) => {
    addNames(names, lookup)
    if (!options.keepsLookups || !isFirst) return
    if (lookups.length === 0) waiting = 0
    waiting += 1 + lookup.addresses.length
    if (waiting <= MAX_WAITING) lookups.push(lookup)
    else dropped++
  }
  const readPacket = (record: DataView, isAnswer: boolean) => {
    const message = decodeDns(payloadOf(record))
    if (message === undefined) malformed++
    // A server whose clients ask from port 53 sends answers to it: they are seen again where they arrive.
    else if (message?.isAnswer === isAnswer) {
      const paired = pairs.add({ message, ...readHead(record, epochNs) })
      if (paired) keep(paired)
    }
  }
  const take = (record: DataView) => {
    const kind = record.getUint16(at.kind, true)
    if (kind === contextKind.cgroup_made) readCgroup(record, cgroupPaths)
    else if (kind === contextKind.getaddrinfo) readResolved(record, epochNs).forEach(keep)
    else readPacket(record, kind === contextKind.dns_answer)
  }
  let waits = 0
  /** @returns whether all was read that can be read */
  const readCommitted = (untilNs: number): boolean => {
    for (;;) {
      const count = ring.read(take, CHUNK)
      if (count > 0) waits = 0
      if (count < CHUNK) return true
      if (nowNs() >= untilNs) return false
    }
  }
  /** An answer may be behind a record that is not committed yet, and its attempt in the other ring already. */
  const readUntil = (untilNs: number) => {
    for (; readCommitted(untilNs) && ring.endedBusy() && waits < MAX_WAITS; waits++) sleep(WAIT_MS)
  }
  return {
    names,
    lookups,
    read() {
      const startNs = nowNs()
      readUntil(startNs + READ_NS)
      pairs.giveUp(startNs).forEach(keep)
    },
    finish() {
      readUntil(Infinity)
      pairs.giveUp(Infinity).forEach(keep)
    },
    counts: () => ({ lost: options.lostRecords() + pairs.lost + dropped, malformed, evicted: names.evicted }),
  }
}

function addNames(names: NameCache, lookup: Lookup): void {
  const { name, isAsked, addresses, startedNs, latencyNs, cgroupId, netns } = lookup
  const answer = {
    name,
    isAsked,
    answeredNs: startedNs + (latencyNs ?? 0),
    lookupNs: latencyNs,
    cgroupId: Number(cgroupId),
    netns,
  }
  for (const address of addresses) names.add(keyOfAddress(address), answer)
}

function readHead(record: DataView, epochNs: bigint) {
  return {
    seenNs: Number(record.getBigUint64(at.seen_ns, true) - epochNs),
    cgroupId: record.getBigUint64(at.cgroup_id, true),
    socketCookie: record.getBigUint64(at.socket_cookie, true),
    netns: record.getUint32(at.netns, true),
  }
}

function payloadOf(record: DataView): Uint8Array {
  const length = record.getUint16(at.payload_bytes, true)
  return new Uint8Array(record.buffer, record.byteOffset + at.size_bytes, length)
}

function readCgroup(record: DataView, paths: CgroupPaths): void {
  const payload = payloadOf(record)
  if (payload.length > 0) paths.add(record.getBigUint64(at.cgroup_id, true), readText(payload, 0, payload.length))
}

/** A number is no name, and asks nobody. */
function readResolved(record: DataView, epochNs: bigint): PairedLookup[] {
  const payload = payloadOf(record)
  const name = normalizeName(readText(payload, resolvedName.name, NAME_BYTES))
  if (name === '' || parseAddress(name) !== null) return []
  const fields = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const { seenNs, cgroupId, netns } = readHead(record, epochNs)
  const startedNs = Number(fields.getBigUint64(resolvedName.started_ns, true) - epochNs)
  const rcode = fields.getInt32(resolvedName.error, true)
  const addresses = readAddresses(payload, fields.getUint32(resolvedName.address_count, true))
  const call = { startedNs, latencyNs: seenNs - startedNs, name, queryType: null, rcode, addresses }
  return [{ lookup: { ...call, isAsked: true, cgroupId, netns }, isFirst: true }]
}

/** Each once: getaddrinfo gives one for every type of socket. The probe leaves 0 where it could not read one. */
function readAddresses(payload: Uint8Array, count: number): Uint8Array[] {
  const distinct = new Map<string | number, Uint8Array>()
  for (let i = 0; i < count; i++) {
    const from = resolvedName.addresses + i * ADDRESS_BYTES
    const address = payload.slice(from, from + ADDRESS_BYTES)
    if (address.some((byte) => byte !== 0)) distinct.set(keyOfAddress(address), address)
  }
  return [...distinct.values()]
}
