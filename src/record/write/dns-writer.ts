import type { Database } from 'better-sqlite3'
import { formatAddress } from '../../store/address.js'
import type { AttemptBatch } from '../decode/attempt-batch.js'
import type { Lookup } from '../dns/lookup.js'
import type { Transaction } from './transaction.js'

/** Ids of names that are kept: those of a day of a busy host. */
const MAX_KEPT = 65_536

/** Rows of one transaction of lookups: 50 ms or so. */
const MAX_ROWS = 16_384

/** What is in the file. */
export interface DnsCounts {
  lookups: number
  /** Attempts that have a name: counted by whoever commits them */
  named: number
}

/** Writes lookups, and the names of attempts. */
export interface DnsWriter {
  readonly counts: DnsCounts
  /**
   * Commits the first of these lookups, as many as do not hold attempts up, and takes them out of the list. Throws what
   * SQLite throws; it may be called again then.
   */
  writeLookups(lookups: Lookup[], inTransaction: Transaction): void
  /**
   * To be called inside a transaction.
   * @param groups rows of the batch in the order of their ids, which begin at `firstId`
   */
  insertNames(batch: AttemptBatch, groups: readonly Uint32Array[], firstId: number): void
  /** To be called when a transaction came to nothing: rows that were made in it are not there. */
  forget(): void
}

export interface DnsWriterOptions {
  /** Finds or makes the row of a cgroup. */
  readonly cgroupRow: (kernelId: bigint) => number
  /** The session's beginning in the times of the lookups */
  readonly sinceNs: number
}

export function createDnsWriter(db: Database, sessionId: number, { cgroupRow, sinceNs }: DnsWriterOptions): DnsWriter {
  const insertLookup =
    db.prepare(`INSERT INTO dns_lookup (session_id, started_ns, latency_ns, dns_name_id, query_type, rcode,
    address_count, cgroup_id, netns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertAddress = db.prepare('INSERT OR IGNORE INTO dns_address VALUES (?, ?, ?)')
  const insertName = db.prepare(
    'INSERT INTO connect_dns (attempt_id, dns_name_id, dns_age_ns, dns_lookup_ns, dns_candidates) VALUES (?, ?, ?, ?, ?)',
  )
  const { nameId, forget } = createNameIds(db)
  const counts: DnsCounts = { lookups: 0, named: 0 }
  const insert = ({ startedNs, latencyNs, name, queryType, rcode, addresses, cgroupId, netns }: Lookup) => {
    const id = nameId(name)
    const asker = [cgroupRow(cgroupId), netns || null]
    insertLookup.run(sessionId, startedNs - sinceNs, latencyNs, id, queryType, rcode, addresses.length, ...asker)
    for (const address of addresses) insertAddress.run(sessionId, id, formatAddress(address))
  }
  return {
    counts,
    forget,
    writeLookups(lookups, inTransaction) {
      if (lookups.length === 0) return
      const first = lookups.slice(0, countFitting(lookups))
      try {
        inTransaction(() => first.forEach(insert))
      } catch (error) {
        forget()
        throw error
      }
      counts.lookups += first.length
      lookups.splice(0, first.length)
    },
    insertNames(batch, groups, firstId) {
      const idOfRow = new Float64Array(batch.count)
      let id = firstId
      for (const rows of groups) for (const row of rows) idOfRow[row] = id++
      for (const { row, match } of batch.names) {
        const ageNs = (batch.startedNs[row] as number) - match.answeredNs
        insertName.run(idOfRow[row], nameId(match.name), ageNs, match.lookupNs, match.candidates)
      }
    },
  }
}

/** Lookups at the beginning of the list that are written at a time: one at least. */
function countFitting(lookups: readonly Lookup[]): number {
  let rows = 0
  const end = lookups.findIndex(({ addresses }, i) => (rows += 1 + addresses.length) > MAX_ROWS && i > 0)
  return end === -1 ? lookups.length : end
}

/** Rows of names, found or made. */
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
