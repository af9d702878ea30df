import type { Database } from 'better-sqlite3'
import type { AddressOwners, AddressSpan } from '../containers/address-owners.js'
import type { Transaction } from './transaction.js'

/** Longer than an attempt that began before this file is pending. */
const KEPT_NS = 300e9
/** Limits of spans that one call looks up or writes, and of new endpoints that it reads: a few milliseconds. */
const MAX_SPANS = 1024
const MAX_ENDPOINTS = 4096

/** Rows of the table `container_address`. */
export interface OwnerStore {
  /**
   * Writes spans of the addresses that attempts of this file connected to, and the ends of those that are written. Throws
   * errors of SQLite, after which it can be called again.
   * @param isLast writes all of them, not only the next ones; those that have not ended end at the last time at which they are
   *   known
   */
  write(inTransaction: Transaction, isLast: boolean): void
}

interface OwnerParts {
  readonly sessionId: number
  /** CLOCK_MONOTONIC ns at the start of the file */
  readonly epochNs: bigint
  readonly owners: AddressOwners
  /** Row of the container of a cgroup */
  readonly containerRow: (cgroup: string) => number | null
}

export function createOwnerStore(db: Database, { sessionId, epochNs, owners, containerRow }: OwnerParts): OwnerStore {
  const hasEndpoint = db.prepare('SELECT 1 FROM endpoint WHERE address = ? LIMIT 1').pluck()
  const insert = db.prepare('INSERT INTO container_address VALUES (?, ?, ?, ?, ?)')
  const update = db.prepare(
    'UPDATE container_address SET until_ns = ? WHERE session_id = ? AND address = ? AND since_ns = ?',
  )
  /** Ends in the file, by span */
  const written = new WeakMap<AddressSpan, number | null>()
  const due = createDueSpans(db, owners)
  const toNs = (monotonicNs: bigint) => Number(monotonicNs - epochNs)
  const endOf = ({ sinceNs, untilNs }: AddressSpan, isLast: boolean) => {
    if (untilNs !== null) return toNs(untilNs)
    // Seen once: it is known at one moment.
    return isLast ? toNs(owners.checkedNs > sinceNs ? owners.checkedNs : sinceNs) : null
  }
  const isWanted = (span: AddressSpan, untilNs: number | null) =>
    // No attempt is in a moment.
    (span.untilNs === null || span.untilNs > span.sinceNs) &&
    (untilNs ?? 0) > -KEPT_NS &&
    hasEndpoint.get(span.bytes) !== undefined
  const writeSpans = (spans: readonly AddressSpan[], inTransaction: Transaction, isLast: boolean) => {
    const changes = spans
      .map((span) => ({ span, untilNs: endOf(span, isLast), before: written.get(span) }))
      .filter(({ span, untilNs, before }) => (before === undefined ? isWanted(span, untilNs) : before !== untilNs))
    if (changes.length === 0) return
    inTransaction(() => {
      for (const { span, untilNs, before } of changes) {
        const { address, cgroup, sinceNs } = span
        if (before === undefined) insert.run(sessionId, address, toNs(sinceNs), untilNs, containerRow(cgroup))
        else update.run(untilNs, sessionId, address, toNs(sinceNs))
      }
    })
    for (const { span, untilNs } of changes) written.set(span, untilNs)
  }
  return {
    write(inTransaction, isLast) {
      due.find()
      const spans = isLast ? [...owners.spans(), ...due.next(Infinity)] : due.next(MAX_SPANS)
      writeSpans([...new Set(spans)], inTransaction, isLast)
      due.done(spans)
    },
  }
}

/** Spans that may have to be written: those that changed, and those of new endpoints. */
function createDueSpans(db: Database, owners: AddressOwners) {
  const lastEndpoint = db.prepare('SELECT ifnull(max(endpoint_id), 0) FROM endpoint').pluck()
  const newAddresses = db.prepare('SELECT DISTINCT remote_address FROM endpoint WHERE endpoint_id > ?').pluck()
  const due = new Set<AddressSpan>()
  let seenVersion = 0
  let seenEndpoint = Number(lastEndpoint.get())
  const addAll = (isDue: (span: AddressSpan) => boolean) => {
    for (const span of owners.spans()) if (isDue(span)) due.add(span)
  }
  return {
    /** Adds what is new since the last call. */
    find() {
      const [version, endpoint] = [owners.version, Number(lastEndpoint.get())]
      if (version !== seenVersion) addAll((span) => span.version > seenVersion)
      // There are never more spans than the limit of containers and of their addresses, but endpoints without end.
      if (endpoint - seenEndpoint > MAX_ENDPOINTS) addAll(() => true)
      else if (endpoint > seenEndpoint)
        for (const address of newAddresses.all(seenEndpoint))
          owners.spansOf(String(address)).forEach((one) => due.add(one))
      seenVersion = version
      seenEndpoint = endpoint
    },
    next(limit: number): AddressSpan[] {
      const first: AddressSpan[] = []
      for (const span of due) {
        if (first.length >= limit) break
        first.push(span)
      }
      return first
    },
    done(spans: readonly AddressSpan[]) {
      for (const span of spans) due.delete(span)
    },
  }
}
