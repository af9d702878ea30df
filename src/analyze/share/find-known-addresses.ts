import type { Database } from 'better-sqlite3'
import { formatAddress, parseAddress } from '../../attempt/address.js'
import { readRows } from './copy-rows.js'

/** An address that occurs in a trace. */
export interface KnownAddress {
  /** Of the endpoints with this address */
  readonly ports: readonly number[]
}

/** Finds which addresses occur in a trace: as remote, local or resolved address, or in place of a DNS name. */
export function findKnownAddresses(db: Database, wanted: ReadonlySet<string>): Map<string, KnownAddress> {
  const found = new Map<string, { ports: number[] }>()
  const note = (text: string): number[] => {
    const known = found.get(text) ?? { ports: [] }
    found.set(text, known)
    return known.ports
  }
  for (const row of readRows(db, 'endpoint')) {
    const text = textOf(row.remote_address)
    if (wanted.has(text)) note(text).push(Number(row.remote_port))
  }
  const others = [
    ['local_address', 'local_address'],
    ['dns_address', 'address'],
    ['dns_name', 'dns_name'],
  ] as const
  for (const [table, column] of others) {
    for (const row of readRows(db, table)) {
      const text = textOf(row[column])
      if (wanted.has(text)) note(text)
    }
  }
  return found
}

/** An address as `formatAddress` writes it; empty for other values. */
function textOf(value: unknown): string {
  const address = typeof value === 'string' ? parseAddress(value) : null
  return address === null ? '' : formatAddress(address)
}
