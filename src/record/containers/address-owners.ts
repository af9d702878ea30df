import { parseAddress } from '../../attempt/address.js'
import { createAgingMap } from '../dns/aging-map.js'
import type { AddressReport } from './reader-protocol.js'

/** Limit of spans that are kept. The one that ended first is forgotten. */
const MAX_ENDED = 4096
/** How long after its last check an address counts as its container's. The reader checks once per second. */
const CHECK_LIMIT_NS = 5_000_000_000n

/** A time in which a container had an address. */
export interface AddressSpan {
  readonly address: string
  /** The 16 bytes of the address */
  readonly bytes: Uint8Array
  /** `containerKey` */
  readonly key: string
  /** One of its cgroups */
  readonly cgroup: string
  /** First and last time at which it is known, CLOCK_MONOTONIC ns; `null`: it still has it */
  readonly sinceNs: bigint
  readonly untilNs: bigint | null
  /** `version` of the owners when it changed last */
  readonly version: number
}

/** Which container had which address, and when. */
export interface AddressOwners {
  /** All spans that are kept. Those of one address do not overlap. */
  spans(): Iterable<AddressSpan>
  /** Spans of an address, the first one first */
  spansOf(address: string): readonly AddressSpan[]
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
  /** No report arrives, for now. @returns whether one is due: addresses are known */
  pause(): boolean
  /** Nothing is known from the last report on. */
  end(): void
}

type OpenSpan = { -readonly [Field in keyof AddressSpan]: AddressSpan[Field] }

export function createAddressOwners(): ReportedOwners {
  const kept = createKeptSpans()
  let isPaused = false
  let version = 0
  let checkedNs = 0n
  /** The last time at which a span is known. One that was reported once is known at one moment. */
  const lastNs = ({ sinceNs }: AddressSpan) => (checkedNs > sinceNs ? checkedNs : sinceNs)
  const change = (span: OpenSpan, untilNs: bigint | null) => {
    span.untilNs = untilNs
    span.version = ++version
  }
  const endSpan = (address: string) => {
    const span = kept.end(address)
    if (span !== undefined) change(span, lastNs(span))
  }
  const beginSpan = (span: Omit<OpenSpan, 'bytes' | 'untilNs' | 'version'>) => {
    endSpan(span.address)
    const bytes = parseAddress(span.address)
    if (bytes !== null) kept.begin({ ...span, bytes, untilNs: null, version: ++version })
  }
  return {
    spans: kept.all,
    spansOf: kept.of,
    find(address, atNs) {
      const span = kept.of(address).findLast(({ sinceNs }) => sinceNs <= atNs)
      return span !== undefined && atNs <= (span.untilNs ?? lastNs(span) + CHECK_LIMIT_NS) ? span : null
    },
    get version() {
      return version
    },
    get checkedNs() {
      return checkedNs
    },
    take(report) {
      // The reader has followed them all the time: those that are not freed were there.
      if (isPaused) for (const span of kept.open()) change(span, null)
      isPaused = false
      report.freed.forEach(endSpan)
      for (const [address, key, cgroup] of report.owned) {
        beginSpan({ address, key, cgroup, sinceNs: BigInt(report.sinceNs) })
      }
      checkedNs = BigInt(report.checkedNs)
    },
    pause() {
      if (isPaused) return true
      for (const span of kept.open()) {
        change(span, lastNs(span))
        isPaused = true
      }
      return isPaused
    },
    end() {
      isPaused = false
      for (const { address } of kept.open()) endSpan(address)
    },
  }
}

/** Spans that have not ended, and the last ones that have. */
function createKeptSpans() {
  const open = new Map<string, OpenSpan>()
  const ended = createAgingMap<OpenSpan, OpenSpan>()
  const byAddress = new Map<string, OpenSpan[]>()
  const forgetOldest = () => {
    const { address = '' } = ended.takeOldest() ?? {}
    const spans = byAddress.get(address)
    // Spans of an address end in their order.
    spans?.shift()
    if (spans?.length === 0) byAddress.delete(address)
  }
  return {
    open: () => open.values(),
    *all(): Iterable<OpenSpan> {
      for (const [span] of ended.entries()) yield span
      yield* open.values()
    },
    /** Those of an address, the first one first */
    of: (address: string): readonly OpenSpan[] => byAddress.get(address) ?? [],
    /** @param span of an address that has no open one */
    begin(span: OpenSpan) {
      open.set(span.address, span)
      const spans = byAddress.get(span.address) ?? []
      if (spans.push(span) === 1) byAddress.set(span.address, spans)
    },
    /** @returns the open span of an address, which it ends; `undefined` without one */
    end(address: string): OpenSpan | undefined {
      const span = open.get(address)
      if (span === undefined) return undefined
      open.delete(address)
      ended.put(span, span)
      if (ended.size > MAX_ENDED) forgetOldest()
      return span
    },
  }
}
