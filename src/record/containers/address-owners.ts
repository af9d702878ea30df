import { createAgingMap } from '../dns/aging-map.js'
import type { AddressReport } from './reader-protocol.js'

/** Limit of spans that are kept. The one that ended first is forgotten. */
const MAX_ENDED = 4096

/** A time in which a container had an address. */
export interface AddressSpan {
  readonly address: string
  /** `containerKey` */
  readonly key: string
  /** One of its cgroups */
  readonly cgroup: string
  /** First and last time at which it is known, CLOCK_MONOTONIC ns; `null`: it still has it */
  readonly sinceNs: bigint
  readonly untilNs: bigint | null
}

/** Which container had which address, and when. */
export interface AddressOwners {
  /** All spans that are kept. Those of one address do not overlap. */
  spans(): Iterable<AddressSpan>
  /** Whose address it is at a time, as far as it is known by now. @param atNs CLOCK_MONOTONIC */
  find(address: string, atNs: bigint): AddressSpan | null
  /** Changes with every span that begins or ends */
  readonly version: number
  /** Last time at which those that have not ended were known; 0: none is known */
  readonly checkedNs: bigint
}

/** Owners that reports of the reader change. */
export interface ReportedOwners extends AddressOwners {
  take(report: AddressReport): void
  /** Nothing is known from the last report on. */
  end(): void
}

type OpenSpan = { -readonly [Field in keyof AddressSpan]: AddressSpan[Field] }

export function createAddressOwners(): ReportedOwners {
  const open = new Map<string, OpenSpan>()
  const ended = createAgingMap<OpenSpan, true>()
  let version = 0
  let checkedNs = 0n
  const endSpan = (address: string) => {
    const span = open.get(address)
    if (span === undefined) return
    open.delete(address)
    span.untilNs = checkedNs
    version++
    // It was seen once, and its time is not known.
    if (span.untilNs < span.sinceNs) return
    ended.put(span, true)
    if (ended.size > MAX_ENDED) ended.takeOldest()
  }
  return {
    *spans() {
      for (const [span] of ended.entries()) yield span
      yield* open.values()
    },
    find(address, atNs) {
      const span = open.get(address)
      return span !== undefined && atNs >= span.sinceNs ? span : null
    },
    get version() {
      return version
    },
    get checkedNs() {
      return checkedNs
    },
    take(report) {
      report.freed.forEach(endSpan)
      for (const [address, key, cgroup] of report.owned) {
        endSpan(address)
        open.set(address, { address, key, cgroup, sinceNs: BigInt(report.sinceNs), untilNs: null })
        version++
      }
      checkedNs = BigInt(report.checkedNs)
    },
    end() {
      for (const address of open.keys()) endSpan(address)
    },
  }
}
