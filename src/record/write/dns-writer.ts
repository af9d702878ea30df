import type { Database } from 'better-sqlite3'
import { formatAddress } from '../../store/address.js'
import type { AttemptBatch } from '../decode/attempt-batch.js'
import type { Lookup } from '../dns/lookup.js'

/** Ids of names that are kept: those of a day of a busy host. */
const MAX_KEPT = 65_536

/** Writes look-ups, and the names of attempts. All of it to be called inside a transaction. */
export interface DnsWriter {
  /** @param sinceNs the session's beginning in the times of the look-ups, 0 by default */
  insertLookups(lookups: readonly Lookup[], sinceNs?: number): void
  /** @param groups rows of the batch in the order of their ids, which begin at `firstId` */
  insertNames(batch: AttemptBatch, groups: readonly Uint32Array[], firstId: number): void
  /** To be called when a transaction came to nothing: rows that were made in it are not there. */
  forget(): void
}

/** @param cgroupRow finds or makes the row of a cgroup */
export function createDnsWriter(db: Database, sessionId: number, cgroupRow: (kernelId: bigint) => number): DnsWriter {
  const insertLookup =
    db.prepare(`INSERT INTO dns_lookup (session_id, started_ns, latency_ns, dns_name_id, query_type, rcode,
    address_count, cgroup_id, netns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertAddress = db.prepare('INSERT OR IGNORE INTO dns_address VALUES (?, ?, ?)')
  const insertName = db.prepare(
    'INSERT INTO connect_dns (attempt_id, dns_name_id, dns_age_ns, dns_lookup_ns, dns_candidates) VALUES (?, ?, ?, ?, ?)',
  )
  const { nameId, forget } = createNameIds(db)
  return {
    forget,
    insertLookups(lookups, sinceNs = 0) {
      for (const { startedNs, latencyNs, name, queryType, rcode, addresses, cgroupId, netns } of lookups) {
        const id = nameId(name)
        const asker = [cgroupRow(cgroupId), netns || null]
        insertLookup.run(sessionId, startedNs - sinceNs, latencyNs, id, queryType, rcode, addresses.length, ...asker)
        for (const address of addresses) insertAddress.run(sessionId, id, formatAddress(address))
      }
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
