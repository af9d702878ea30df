import type { Database } from 'better-sqlite3'
import { formatAddress } from '../../attempt/address.js'
import { idsOfRows, type AttemptBatch } from './attempt-batch.js'
import type { Lookup } from '../dns/lookup.js'
import type { Transaction } from './transaction.js'

/** Limit of cached name ids: those of a day on a busy host. */
const MAX_KEPT = 65_536

/** Rows per transaction of lookups: about 50 ms. */
const MAX_ROWS = 16_384

/** Counts of committed rows. */
export interface DnsCounts {
  lookups: number
  /** Attempts with a name; incremented by the caller after the commit */
  named: number
}

/** Writes lookups and the names of attempts. */
export interface DnsWriter {
  readonly counts: DnsCounts
  /**
   * Commits and removes the first lookups of the list, as many as do not delay attempts, and returns them. Throws errors
   * of SQLite, after which it can be called again.
   */
  writeLookups(lookups: Lookup[], inTransaction: Transaction): readonly Lookup[]
  /**
   * Call inside a transaction.
   * @param groups rows of the batch in the order of their ids, which begin at `firstId`
   */
  insertNames(batch: AttemptBatch, groups: readonly Uint32Array[], firstId: number): void
  /** Call after a rolled back transaction: its rows do not exist. */
  forget(): void
}

export interface DnsWriterOptions {
  /** Finds or inserts the row of a cgroup. */
  readonly cgroupRow: (kernelId: bigint) => number
  /** Start of the session relative to the lookups */
  readonly sinceNs: number
}

export function createDnsWriter(db: Database, sessionId: number, { cgroupRow, sinceNs }: DnsWriterOptions): DnsWriter {
  const insertLookup =
    db.prepare(`INSERT INTO dns_lookup (session_id, started_ns, latency_ns, dns_name_id, query_type, rcode,
    address_count, cgroup_id, netns, netns_cookie, is_truncated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertAddress = db.prepare('INSERT OR IGNORE INTO dns_address VALUES (?, ?, ?)')
  const insertName = db.prepare(
    'INSERT INTO connect_dns (attempt_id, dns_name_id, dns_age_ns, dns_lookup_ns, dns_candidates) VALUES (?, ?, ?, ?, ?)',
  )
  const { nameId, forget } = createNameIds(db)
  const counts: DnsCounts = { lookups: 0, named: 0 }
  const insert = ({
    startedNs,
    latencyNs,
    name,
    queryType,
    rcode,
    addresses,
    cgroupId,
    netns,
    isTruncated,
  }: Lookup) => {
    const id = nameId(name)
    const asker = [cgroupRow(cgroupId), netns.inode || null, BigInt.asIntN(64, netns.cookie) || null]
    const truncated = isTruncated === null ? null : Number(isTruncated)
    const answer = [rcode, addresses.length]
    insertLookup.run(sessionId, startedNs - sinceNs, latencyNs, id, queryType, ...answer, ...asker, truncated)
    for (const address of addresses) insertAddress.run(sessionId, id, formatAddress(address))
  }
  return {
    counts,
    forget,
    writeLookups(lookups, inTransaction) {
      if (lookups.length === 0) return []
      const first = lookups.slice(0, countFitting(lookups))
      try {
        inTransaction(() => first.forEach(insert))
      } catch (error) {
        forget()
        throw error
      }
      counts.lookups += first.length
      return lookups.splice(0, first.length)
    },
    insertNames(batch, groups, firstId) {
      const idOfRow = idsOfRows(batch, groups, firstId)
      for (const { row, match } of batch.names) {
        const ageNs = (batch.startedNs[row] as number) - match.answeredNs
        insertName.run(idOfRow[row], nameId(match.name), ageNs, match.lookupNs, match.candidates)
      }
    },
  }
}

/** Number of lookups for one transaction, at least one. */
function countFitting(lookups: readonly Lookup[]): number {
  let rows = 0
  const end = lookups.findIndex(({ addresses }, i) => (rows += 1 + addresses.length) > MAX_ROWS && i > 0)
  return end === -1 ? lookups.length : end
}

/** Rows of names, found or inserted. */
function createNameIds(db: Database) {
  const find = db.prepare('SELECT dns_name_id FROM dns_name WHERE dns_name = ?').pluck()
  const insert = db.prepare('INSERT INTO dns_name (dns_name) VALUES (?)')
  const known = new Map<string, number>()
  return {
    forget: () => known.clear(),
    nameId(name: string): number {
      const kept = known.get(name)
      if (kept !== undefined) return kept
      const id = Number(find.get(name) ?? insert.run(name).lastInsertRowid)
      if (known.size >= MAX_KEPT) known.clear()
      known.set(name, id)
      return id
    },
  }
}
