import type { Database } from 'better-sqlite3'
import { parseAddress } from '../../attempt/address.js'
import type { AddressOwners, AddressSpan } from '../containers/address-owners.js'
import type { Transaction } from './transaction.js'

/** Longer than an attempt that began before this file is pending. */
const KEPT_NS = 300e9

/** Rows of the table `container_address`. */
export interface OwnerStore {
  /**
   * Writes spans of the addresses that attempts of this file connected to, and the ends of those that are written. Throws
   * errors of SQLite, after which it can be called again.
   * @param isLast those that have not ended end at the last time at which they are known
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
  const lastEndpoint = db.prepare('SELECT ifnull(max(endpoint_id), 0) FROM endpoint').pluck()
  const insert = db.prepare('INSERT INTO container_address VALUES (?, ?, ?, ?, ?)')
  const update = db.prepare(
    'UPDATE container_address SET until_ns = ? WHERE session_id = ? AND address = ? AND since_ns = ?',
  )
  /** Ends in the file, by span */
  const written = new WeakMap<AddressSpan, number | null>()
  let state = ''
  const toNs = (monotonicNs: bigint) => Number(monotonicNs - epochNs)
  const endOf = ({ sinceNs, untilNs }: AddressSpan, isLast: boolean) => {
    if (untilNs !== null) return toNs(untilNs)
    // Seen once: it is known at one moment.
    return isLast ? toNs(owners.checkedNs > sinceNs ? owners.checkedNs : sinceNs) : null
  }
  const isWanted = ({ address }: AddressSpan, untilNs: number | null) =>
    (untilNs ?? 0) > -KEPT_NS && hasEndpoint.get(parseAddress(address)) !== undefined
  return {
    write(inTransaction, isLast) {
      const now = `${owners.version} ${lastEndpoint.get()}`
      if (now === state && !isLast) return
      const changes = [...owners.spans()].flatMap((span) => {
        const [before, untilNs] = [written.get(span), endOf(span, isLast)]
        return before === undefined
          ? isWanted(span, untilNs)
            ? [{ span, untilNs }]
            : []
          : before === untilNs
            ? []
            : [{ span, untilNs }]
      })
      if (changes.length > 0)
        inTransaction(() => {
          for (const { span, untilNs } of changes) {
            const { address, cgroup, sinceNs } = span
            const since = toNs(sinceNs)
            if (written.has(span)) update.run(untilNs, sessionId, address, since)
            else insert.run(sessionId, address, since, untilNs, containerRow(cgroup))
          }
        })
      for (const { span, untilNs } of changes) written.set(span, untilNs)
      state = now
    },
  }
}
