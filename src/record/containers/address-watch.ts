import { networkInterfaces } from 'node:os'
import { formatAddress, parseAddress } from '../../attempt/address.js'
import { createAgingMap } from '../dns/aging-map.js'
import {
  createContainerAddresses,
  runtimeId,
  type AddressedContainer,
  type AddressSources,
} from '../runtimes/container-addresses.js'
import type { AddressReport } from './reader-protocol.js'

/** Limit of containers whose addresses are read. The one added first is forgotten. */
const MAX_WATCHED = 4096
/** Interval of reading the files, and while a container is new: some runtimes write the address after the start. */
const [READ_MS, NEW_MS] = [1000, 200]
/** How many times files without an address of a container are read: containers in the network of the host have none. */
const MAX_READS = 30
/** Number of reads at the short interval. */
const NEW_READS = 10

/** Follows which container has which address. */
export interface AddressWatch {
  /** A container that exists, or exists again. Its id is found in one container only: the first. */
  add(container: AddressedContainer): void
  /** Time until the next read; Infinity: nothing to read */
  waitMs(nowMs: number): number
  /** Reads the files. @returns `null` if no address is or was known */
  read(nowMs: number): AddressReport | null
}

/** Sources of an address watch. */
export interface WatchSources extends AddressSources {
  /** CLOCK_MONOTONIC ns */
  readonly clockNs: () => bigint
  /** Addresses of this host, as `formatAddress` writes them */
  readonly ownAddresses?: () => ReadonlySet<string>
}

export function createAddressWatch({
  clockNs,
  ownAddresses = readOwnAddresses,
  ...sources
}: WatchSources): AddressWatch {
  const files = createContainerAddresses(sources)
  /** By `runtimeId` */
  const watched = createAgingMap<string, { container: AddressedContainer; reads: number }>()
  /** Keys of containers, by the addresses that they have */
  let known = new Map<string, string>()
  let readMs = -Infinity
  let newReads = 0
  return {
    add(container) {
      const id = runtimeId(container)
      const before = watched.get(id)
      if (before === undefined) watched.put(id, { container, reads: 0 })
      else {
        before.reads = 0
        if (before.container.key === container.key) before.container = container
      }
      if (watched.size > MAX_WATCHED) watched.takeOldest()
      newReads = NEW_READS
    },
    waitMs(nowMs) {
      if (watched.size === 0 && known.size === 0) return Infinity
      return Math.max(0, readMs + (newReads > 0 ? NEW_MS : READ_MS) - nowMs)
    },
    read(nowMs) {
      readMs = nowMs
      newReads = Math.max(0, newReads - 1)
      const entries = [...watched.entries()].map(([, entry]) => entry)
      // Both times are conservative: the files had what was read between them.
      const checkedNs = clockNs()
      const found = files.read(entries.map(({ container }) => container))
      const sinceNs = clockNs()
      const byKey = new Map(entries.map((entry) => [entry.container.key, entry]))
      const owned: [address: string, key: string, cgroup: string][] = []
      const now = new Map<string, string>()
      let own: ReadonlySet<string> | null = null
      for (const [address, key] of found) {
        const entry = key === null ? undefined : byKey.get(key)
        if (key === null || entry === undefined) continue
        entry.reads = 0
        const isKnown = known.get(address) === key
        if (!isKnown && (own ??= ownAddresses()).has(address)) continue
        now.set(address, key)
        if (!isKnown) owned.push([address, key, entry.container.cgroup])
      }
      const freed = [...known].filter(([address, key]) => now.get(address) !== key).map(([address]) => address)
      for (const entry of entries) if (++entry.reads > MAX_READS) watched.delete(runtimeId(entry.container))
      const isQuiet = known.size === 0 && owned.length === 0
      known = now
      return isQuiet ? null : { checkedNs: String(checkedNs), sinceNs: String(sinceNs), owned, freed }
    },
  }
}

function readOwnAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return new Set(
    all.map(({ address }) => parseAddress(address)).flatMap((bytes) => (bytes ? [formatAddress(bytes)] : [])),
  )
}
