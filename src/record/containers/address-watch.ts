import { networkInterfaces } from 'node:os'
import { formatAddress, parseAddress } from '../../attempt/address.js'
import { createAgingMap } from '../dns/aging-map.js'
import { createContainerAddresses, type AddressedContainer } from '../runtimes/container-addresses.js'
import type { AddressReport } from './reader-protocol.js'

/** Limit of containers whose addresses are read. The one added first is forgotten. */
const MAX_WATCHED = 4096
/** Interval of reading the files, and while a container is new: some runtimes write the address after the start. */
const [READ_MS, NEW_MS] = [1000, 200]
/** How many times files without an address of a container are read: containers in the network of the host have none. */
const MAX_READS = 30
/** Number of reads at the short interval. */
const NEW_READS = 10

/** A container whose addresses are read. */
export interface WatchedContainer extends AddressedContainer {
  readonly cgroup: string
}

/** Follows which container has which address. */
export interface AddressWatch {
  /** A container that exists, or exists again. Its id is found in one container only: the first. */
  add(container: WatchedContainer): void
  /** Time until the next read; Infinity: nothing to read */
  waitMs(nowMs: number): number
  /** Reads the files. @returns `null` if no address is or was known */
  read(nowMs: number): AddressReport | null
}

/** Sources of an address watch. */
export interface WatchSources {
  /** Descriptor of the host's root directory */
  readonly root: number
  /** CLOCK_MONOTONIC ns */
  readonly clockNs: () => bigint
  /** Addresses of this host, as `formatAddress` writes them */
  readonly ownAddresses?: () => ReadonlySet<string>
}

export function createAddressWatch({ root, clockNs, ownAddresses = readOwnAddresses }: WatchSources): AddressWatch {
  const files = createContainerAddresses(root)
  const watched = createAgingMap<string, WatchedContainer & { reads: number }>()
  /** Keys of containers, by the addresses that they have */
  let known = new Map<string, string>()
  let readMs = -Infinity
  let newReads = 0
  return {
    add(container) {
      const before = watched.get(container.id)
      if (before === undefined) watched.put(container.id, { ...container, reads: 0 })
      else before.reads = 0
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
      const containers = [...watched.entries()].map(([, container]) => container)
      // Both times are conservative: the files had what was read between them.
      const checkedNs = clockNs()
      const found = files.read(containers)
      const sinceNs = clockNs()
      const byKey = new Map(containers.map((container) => [container.key, container]))
      const owned: [address: string, key: string, cgroup: string][] = []
      const now = new Map<string, string>()
      let own: ReadonlySet<string> | null = null
      for (const [address, key] of found) {
        const container = key === null ? undefined : byKey.get(key)
        if (key === null || container === undefined) continue
        container.reads = 0
        const isKnown = known.get(address) === key
        if (!isKnown && (own ??= ownAddresses()).has(address)) continue
        now.set(address, key)
        if (!isKnown) owned.push([address, key, container.cgroup])
      }
      const freed = [...known].filter(([address, key]) => now.get(address) !== key).map(([address]) => address)
      for (const container of containers) if (++container.reads > MAX_READS) watched.delete(container.id)
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
